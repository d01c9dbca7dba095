#include "base/buffer.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)
#define KEPT_CAPACITY ((size_t)256 * 1024)

/* Makes room for length more bytes and a NUL. */
static void buffer_grow(struct buffer *buffer, size_t length)
{
	if (length >= SIZE_MAX / 2 - buffer->length)
		abort();
	size_t needed = buffer->length + length + 1;
	if (needed <= buffer->capacity)
		return;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
	while (capacity < needed)
		capacity *= 2;
	char *bytes = realloc(buffer->bytes, capacity);
	if (!bytes)
		abort();
	buffer->bytes = bytes;
	buffer->capacity = capacity;
}

char *buffer_extend(struct buffer *buffer, size_t length)
{
	buffer_grow(buffer, length);
	char *added = buffer->bytes + buffer->length;
	buffer->length += length;
	buffer->bytes[buffer->length] = '\0';
	return added;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t length)
{
	char *added = buffer_extend(buffer, length);
	if (length > 0)
		memcpy(added, bytes, length);
}

void buffer_byte(struct buffer *buffer, char byte)
{
	buffer_grow(buffer, 1);
	buffer->bytes[buffer->length++] = byte;
	buffer->bytes[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_put(buffer, text, strlen(text));
}

void buffer_int(struct buffer *buffer, int64_t value)
{
	char digits[20]; /* "-9223372036854775808" */
	size_t at = sizeof(digits);
	/* Negated as unsigned: -INT64_MIN is no int64. */
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	buffer_put(buffer, digits + at, sizeof(digits) - at);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *printed = memory_printed(format, arguments);
	va_end(arguments);
	buffer_text(buffer, printed);
	free(printed);
}

void buffer_reset(struct buffer *buffer)
{
	if (buffer->capacity > KEPT_CAPACITY) {
		buffer_free(buffer);
		return;
	}
	buffer->length = 0;
	if (buffer->bytes)
		buffer->bytes[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}
