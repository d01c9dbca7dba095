/* What each target is: reads any bytes, aborts when a promise is broken, and leaves nothing behind. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* By this name a fuzzer finds it; always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checked in every build, unlike assert(). */
static inline void promise(int kept)
{
	if (!kept)
		abort();
}

#endif
