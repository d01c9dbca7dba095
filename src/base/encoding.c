#include "base/encoding.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *base64url_encode(struct arena *arena, const void *bytes, size_t length)
{
	const uint8_t *in = bytes;
	char *text = arena_alloc(arena, length / 3 * 4 + 5);
	char *out = text;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | in[i];
		for (held += 8; held >= 6; held -= 6)
			*out++ = alphabet[bits >> (held - 6) & 63];
	}
	if (held > 0)
		*out++ = alphabet[bits << (6 - held) & 63];
	return text;
}

static int base64url_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '-')
		return 62;
	return digit == '_' ? 63 : -1;
}

uint8_t *base64url_decode(struct arena *arena, const char *text, size_t length, size_t *decoded)
{
	uint8_t *bytes = arena_alloc(arena, length / 4 * 3 + 3);
	uint8_t *out = bytes;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < length; i++) {
		int value = base64url_value(text[i]);
		if (value < 0)
			return NULL;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*out++ = (uint8_t)(bits >> held);
		}
	}
	/* A lone last digit encodes no byte; bits left over are zero, or two texts mean the same. */
	if (held == 6 || (bits & ((1U << held) - 1)) != 0)
		return NULL;
	*decoded = (size_t)(out - bytes);
	return bytes;
}

void hex_encode(const void *bytes, size_t length, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = bytes;

	for (size_t i = 0; i < length; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The length that the first byte of a character announces, 0 for one that starts none. */
static size_t utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Where overlong forms, surrogates and too large numbers show: in the second byte. */
static bool utf8_second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

bool utf8_valid(const char *text, size_t length)
{
	const unsigned char *next = (const unsigned char *)text;
	const unsigned char *end = next + length;

	while (next < end) {
		size_t whole = utf8_length(*next);
		if (whole == 0 || whole > (size_t)(end - next))
			return false;
		for (size_t i = 1; i < whole; i++)
			if ((next[i] & 0xc0) != 0x80)
				return false;
		if (whole > 1 && !utf8_second_fits(next[0], next[1]))
			return false;
		next += whole;
	}
	return true;
}

size_t utf8_count(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

uint32_t utf8_next(const char *text, size_t *length)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *bytes = (const unsigned char *)text;

	*length = utf8_length(bytes[0]);
	uint32_t code_point = bytes[0] & first_bits[*length];
	for (size_t i = 1; i < *length; i++)
		code_point = code_point << 6 | (bytes[i] & 0x3f);
	return code_point;
}

static char utf8_tail(uint32_t code_point, unsigned shift)
{
	return (char)(0x80 | (code_point >> shift & 0x3f));
}

size_t utf8_encode(uint32_t code_point, char out[4])
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xc0 | code_point >> 6);
		out[1] = utf8_tail(code_point, 0);
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xe0 | code_point >> 12);
		out[1] = utf8_tail(code_point, 6);
		out[2] = utf8_tail(code_point, 0);
		return 3;
	}
	out[0] = (char)(0xf0 | code_point >> 18);
	out[1] = utf8_tail(code_point, 12);
	out[2] = utf8_tail(code_point, 6);
	out[3] = utf8_tail(code_point, 0);
	return 4;
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
	const uint8_t *in = bytes;
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ in[i]) * UINT64_C(1099511628211);
	return hash;
}
