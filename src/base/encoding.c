#include "base/encoding.h"

#include <string.h>
#include <unistr.h>

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

uint8_t *base64url_decode(struct arena *arena, const char *text, size_t length, size_t *decoded)
{
	uint8_t *bytes = arena_alloc(arena, length / 4 * 3 + 3);
	uint8_t *out = bytes;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < length; i++) {
		const char *digit = memchr(alphabet, text[i], sizeof(alphabet) - 1);
		if (!digit)
			return NULL;
		bits = bits << 6 | (uint32_t)(digit - alphabet);
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

bool utf8_valid(const char *text, size_t length)
{
	return !u8_check((const uint8_t *)text, length);
}

size_t utf8_count(const char *text, size_t length)
{
	return u8_mbsnlen((const uint8_t *)text, length);
}

uint32_t utf8_next(const char *text, size_t *length)
{
	ucs4_t code_point;

	/* no more is read than the first byte announces */
	*length = (size_t)u8_mbtouc_unsafe(&code_point, (const uint8_t *)text, UTF8_MAX);
	return code_point;
}

size_t utf8_encode(uint32_t code_point, char out[UTF8_MAX])
{
	return (size_t)u8_uctomb((uint8_t *)out, code_point, UTF8_MAX);
}

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

/* Each step is reversible, so two texts that differ in eight bytes alone never have the same hash. */
static uint64_t hash_step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

uint64_t hash_long(const void *bytes, size_t length)
{
	const uint8_t *in = bytes;
	uint64_t word = 0, hash = hash_step(0, length);

	for (; length >= sizeof(word); in += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, in, sizeof(word));
		hash = hash_step(hash, word);
	}
	word = 0;
	if (length > 0)
		memcpy(&word, in, length);
	return hash_step(hash_step(hash, word), 0);
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
	const uint8_t *in = bytes;
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ in[i]) * UINT64_C(1099511628211);
	return hash;
}
