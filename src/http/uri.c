#include "http/uri.h"

#include "base/encoding.h"

#include <string.h>

#define BASE_PATH "/api"

/* The byte that the two digits after a '%' stand for; -1 when they are none. */
static int escaped_byte(const char *digits, size_t length)
{
	if (length < 2)
		return -1;

	int high = hex_digit(digits[0]), low = hex_digit(digits[1]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

char *uri_decode(struct arena *arena, const char *text, size_t length, bool plus_is_space)
{
	char *decoded = arena_alloc(arena, length + 1);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int byte = (unsigned char)text[i];

		if (byte == '%') {
			byte = escaped_byte(text + i + 1, length - i - 1);
			i += 2;
		} else if (byte == '+' && plus_is_space) {
			byte = ' ';
		}
		if (byte <= 0)
			return NULL;
		decoded[used++] = (char)byte;
	}
	return utf8_valid(decoded, used) ? decoded : NULL;
}

bool uri_split(struct arena *arena, const char *uri, const char **path, const char **query)
{
	size_t length = strcspn(uri, "?");
	char *whole = uri_decode(arena, uri, length, false);
	size_t base = strlen(BASE_PATH);

	*query = uri[length] == '?' ? uri + length + 1 : NULL;
	if (!whole || strncmp(whole, BASE_PATH, base) != 0)
		return false;

	char *below = whole + base;
	size_t rest = strlen(below);

	if (rest > 0 && below[0] != '/')
		return false;
	if (rest > 0 && below[rest - 1] == '/')
		below[rest - 1] = '\0';
	*path = below;
	return true;
}
