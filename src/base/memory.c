#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void *had(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void *memory_new(size_t size)
{
	return had(calloc(1, size));
}

char *memory_text(const char *text)
{
	return had(strdup(text));
}
