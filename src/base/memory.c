#include "base/memory.h"

#include <stdio.h>
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

char *memory_printed(const char *format, va_list arguments)
{
	char *printed;

	return vasprintf(&printed, format, arguments) < 0 ? had(NULL) : printed;
}
