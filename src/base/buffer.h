/*
 * A growing run of bytes: what responses and log lines are written into.
 *
 * Always NUL-terminated after the first byte, so bytes can be handed to C string functions where no
 * NUL was put inside. Growth doubles; running out of memory ends the process (see arena.h).
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *bytes; /* NULL while nothing was put */
	size_t length, capacity;
};

/* Adds length bytes, for the caller to write; they stay where they are until more is added. */
char *buffer_extend(struct buffer *buffer, size_t length);
void buffer_put(struct buffer *buffer, const void *bytes, size_t length);
void buffer_byte(struct buffer *buffer, char byte);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_int(struct buffer *buffer, int64_t value);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Forgets the content, keeps the memory unless it grew beyond 256 KiB. */
void buffer_reset(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
