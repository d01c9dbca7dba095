#include "base/quote.h"

#include "base/encoding.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define ELLIPSIS "\xE2\x80\xA6" /* U+2026 */

/* Can eight bytes be copied as they are? Each subtraction leaves the high bit of a byte that is too small, or one of
 * the two. */
static bool is_plain(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high_bits = 0x80 * ones;
	uint64_t bytes;

	memcpy(&bytes, text, sizeof(bytes));
	uint64_t too_small = bytes - 0x20 * ones;
	uint64_t quote = (bytes ^ '"' * ones) - ones, backslash = (bytes ^ '\\' * ones) - ones;
	return ((bytes | too_small | quote | backslash) & high_bits) == 0;
}

/* How many bytes from here can be copied as they are, to spare a call per character. */
static size_t plain_run(const char *text, size_t length)
{
	size_t run = 0;

	while (length - run >= sizeof(uint64_t) && is_plain(text + run))
		run += sizeof(uint64_t);
	while (run < length) {
		unsigned char c = (unsigned char)text[run];

		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
		run++;
	}
	return run;
}

static void put_escaped(struct buffer *out, char c)
{
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	/* no request may hold a NUL, and whoever reads a record may send it back */
	if (c == '\0') {
		buffer_text(out, REPLACEMENT);
		return;
	}
	for (const char *pair = short_forms; *pair; pair += 2) {
		if (*pair == c) {
			buffer_byte(out, '\\');
			buffer_byte(out, pair[1]);
			return;
		}
	}
	static const char digits[] = "0123456789abcdef";
	const char code[] = { '\\', 'u', '0', '0', digits[c >> 4 & 0xf], digits[c & 0xf] };
	buffer_put(out, code, sizeof(code));
}

/* Copies one multi-byte character, or replaces a byte that begins none; returns the bytes read. */
static size_t put_wide(struct buffer *out, const char *text, size_t length)
{
	unsigned char lead = (unsigned char)*text;
	size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

	if (size <= length && utf8_valid(text, size)) {
		buffer_put(out, text, size);
		return size;
	}
	buffer_text(out, REPLACEMENT);
	return 1;
}

/* All in one piece. */
static void put_plain(struct buffer *out, const char *text, size_t length)
{
	char *at = buffer_extend(out, length + 2);

	*at++ = '"';
	memcpy(at, text, length);
	at[length] = '"';
}

void quote_json(struct buffer *out, const char *text, size_t length, size_t most)
{
	size_t start = out->length;

	if (length > 0 && length < most && plain_run(text, length) == length) {
		put_plain(out, text, length);
		return;
	}
	buffer_byte(out, '"');
	while (length > 0 && out->length - start <= most) {
		size_t room = most - (out->length - start) + 1;
		size_t done = plain_run(text, length < room ? length : room);

		if (done > 0) {
			buffer_put(out, text, done);
		} else if ((unsigned char)*text >= 0x80) {
			done = put_wide(out, text, length);
		} else {
			put_escaped(out, *text);
			done = 1;
		}
		text += done;
		length -= done;
	}
	if (length > 0)
		buffer_text(out, ELLIPSIS);
	buffer_byte(out, '"');
}
