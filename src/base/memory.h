/* Memory that belongs to no arena; the caller frees it with free(). Running out of it ends the process, as base/arena.h
 * says. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed. */
void *memory_new(size_t size);

/* A copy of a text. */
char *memory_text(const char *text);

/* What vprintf() would print. */
char *memory_printed(const char *format, va_list arguments);

#endif
