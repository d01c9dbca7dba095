/* Random bytes from the kernel; ends the process if it has none. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t length);
/* Uniform in 0..bound-1; bound > 0. */
uint32_t random_below(uint32_t bound);

#endif
