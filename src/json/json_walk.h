/* Shared by both readers of JSON, the strict one (json_in.c) and the lax one (json_pick.c). `left` is what is still to
 * be read of a text; each function works at its beginning. */
#ifndef JSON_JSON_WALK_H
#define JSON_JSON_WALK_H

#include "base/encoding.h"
#include "json/json_pick.h"

/* The next byte; 0 at the end, as nothing in JSON begins with it. */
static inline char json_peek(const struct json_piece *left)
{
	return left->length ? *left->text : '\0';
}

static inline void json_skip(struct json_piece *left, size_t length)
{
	left->text += length;
	left->length -= length;
}

static inline bool json_take(struct json_piece *left, char wanted)
{
	if (!left->length || *left->text != wanted)
		return false;
	json_skip(left, 1);
	return true;
}

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline void json_skip_space(struct json_piece *left)
{
	while (json_is_space(json_peek(left)))
		json_skip(left, 1);
}

/* Skips a text with its quotes, whatever is in it; false when the closing one is missing. */
static inline bool json_skip_text(struct json_piece *left)
{
	if (!json_take(left, '"'))
		return false;
	while (left->length) {
		if (json_take(left, '"'))
			return true;
		json_skip(left, *left->text == '\\' && left->length > 1 ? 2 : 1);
	}
	return false;
}

enum { JSON_NO_DIGITS = -1, JSON_LONE_SURROGATE = -2 };

/* The value of the four hex digits after a \u. */
static inline int32_t json_take_digits(struct json_piece *left)
{
	int32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(json_peek(left));

		if (digit < 0)
			return JSON_NO_DIGITS;
		json_skip(left, 1);
		unit = unit * 16 + digit;
	}
	return unit;
}

/* The character that an escape means, from after its \u; a pair of surrogates is one character. */
static inline int32_t json_take_unicode(struct json_piece *left)
{
	int32_t unit = json_take_digits(left), low = 0;

	if (unit < 0xD800 || unit > 0xDFFF)
		return unit;
	if (unit < 0xDC00 && json_take(left, '\\') && json_take(left, 'u'))
		low = json_take_digits(left);
	if (low < 0xDC00 || low > 0xDFFF)
		return JSON_LONE_SURROGATE;
	return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

#endif
