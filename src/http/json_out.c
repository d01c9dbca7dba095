#include "http/json_out.h"

#include "base/clock.h"
#include "base/encoding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define ELLIPSIS "\xE2\x80\xA6" /* U+2026 */

void json_start(struct json *json, struct buffer *out)
{
	memset(json, 0, sizeof(*json));
	json->out = out;
	json->start = out->length;
}

void json_finish(struct json *json)
{
	while (json->depth > 0)
		json_end(json);
}

/* How many bytes from here can be copied as they are, to spare a call per character. */
static size_t plain_run(const char *text, size_t length)
{
	size_t run = 0;

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

/* Beyond most bytes, which need not be exact, the rest is left out. */
static void put_quoted(struct buffer *out, const char *text, size_t length, size_t most)
{
	size_t start = out->length;

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

/* What stands before every value: the comma that the last one left, and the member's name. */
static void begin_value(struct json *json, const char *key)
{
	if (json->comma)
		buffer_byte(json->out, ',');
	json->comma = true;
	if (!key)
		return;
	put_quoted(json->out, key, strlen(key), SIZE_MAX - 1);
	buffer_byte(json->out, ':');
}

static void open_level(struct json *json, const char *key, char opening, char closing)
{
	/* Depth is a matter of our own tables, not of data: a level too many is a mistake in the code. */
	if (json->depth == JSON_OUT_DEPTH_MAX)
		abort();
	begin_value(json, key);
	buffer_byte(json->out, opening);
	json->open[json->depth++] = closing;
	json->comma = false;
}

void json_object(struct json *json, const char *key)
{
	open_level(json, key, '{', '}');
}

void json_array(struct json *json, const char *key)
{
	open_level(json, key, '[', ']');
}

void json_end(struct json *json)
{
	if (json->depth == 0)
		abort();
	buffer_byte(json->out, json->open[--json->depth]);
	json->comma = true;
}

void json_text(struct json *json, const char *key, const char *text)
{
	if (text)
		json_text_n(json, key, text, strlen(text));
	else
		json_null(json, key);
}

void json_text_n(struct json *json, const char *key, const char *text, size_t length)
{
	json_text_most(json, key, text, length, SIZE_MAX - 1);
}

void json_text_most(struct json *json, const char *key, const char *text, size_t length,
		    size_t most)
{
	begin_value(json, key);
	put_quoted(json->out, text, length, most);
}

void json_int(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	buffer_int(json->out, value);
}

void json_double(struct json *json, const char *key, double value)
{
	char text[32];

	if (!isfinite(value)) {
		json_null(json, key); /* JSON has no word for it */
		return;
	}
	/* Below 2^53 every whole number is exact, so it can be written as one. */
	if (fabs(value) < 9007199254740992.0 && (double)(int64_t)value == value) {
		json_int(json, key, (int64_t)value);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	json_raw(json, key, text, strlen(text));
}

void json_cents(struct json *json, const char *key, int64_t cents)
{
	/* Unsigned, as the smallest int64 has no positive counterpart. */
	uint64_t size = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
	unsigned fraction = (unsigned)(size % 100);

	begin_value(json, key);
	if (cents < 0)
		buffer_byte(json->out, '-');
	buffer_int(json->out, (int64_t)(size / 100));
	if (fraction % 10 != 0)
		buffer_printf(json->out, ".%02u", fraction);
	else if (fraction != 0)
		buffer_printf(json->out, ".%u", fraction / 10);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	buffer_text(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	buffer_text(json->out, "null");
}

void json_date(struct json *json, const char *key, int64_t when)
{
	char text[CLOCK_ISO_LENGTH + 1];

	clock_iso(when, text);
	json_text_n(json, key, text, strlen(text));
}

void json_id(struct json *json, const char *key, const struct id *id)
{
	char hex[ID_HEX_LENGTH + 1];

	id_hex(id, hex);
	json_text_n(json, key, hex, ID_HEX_LENGTH);
}

void json_raw(struct json *json, const char *key, const char *text, size_t length)
{
	begin_value(json, key);
	buffer_put(json->out, text, length);
}

/* --- for people --- */

static void new_line(struct buffer *out, int depth)
{
	buffer_byte(out, '\n');
	for (int i = 0; i < depth; i++)
		buffer_text(out, "  ");
}

/* The length of a text with its quotes. */
static size_t quoted_length(const char *text, size_t length)
{
	size_t at = 1;

	while (at < length && text[at] != '"')
		at += text[at] == '\\' ? 2 : 1;
	return at < length ? at + 1 : length;
}

void json_indent(struct buffer *out, const char *text, size_t length)
{
	int depth = 0;

	for (size_t i = 0; i < length; i++) {
		bool opens = text[i] == '{' || text[i] == '[';
		bool closes = text[i] == '}' || text[i] == ']';

		if (text[i] == '"') {
			size_t quoted = quoted_length(text + i, length - i);

			buffer_put(out, text + i, quoted);
			i += quoted - 1;
			continue;
		}
		if (closes && --depth >= 0 && text[i - 1] != '{' && text[i - 1] != '[')
			new_line(out, depth);
		buffer_byte(out, text[i]);
		if (text[i] == ':')
			buffer_byte(out, ' ');
		depth += opens;
		if (text[i] == ',' ||
		    (opens && i + 1 < length && text[i + 1] != '}' && text[i + 1] != ']'))
			new_line(out, depth);
	}
	buffer_byte(out, '\n');
}
