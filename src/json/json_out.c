#include "json/json_out.h"

#include "base/clock.h"
#include "base/quote.h"
#include "json/json_walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What stands before every value: the comma that the last one left, and the member's name. */
static void begin_value(struct json *json, const char *key)
{
	if (json->comma)
		buffer_byte(json->out, ',');
	json->comma = true;
	if (!key)
		return;
	quote_json(json->out, key, strlen(key), SIZE_MAX - 1);
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
	quote_json(json->out, text, length, most);
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

/* What needs no escapes stands between its quotes already. */
void json_date(struct json *json, const char *key, int64_t when)
{
	char text[CLOCK_ISO_LENGTH + 2] = "\"";

	clock_iso(when, text + 1);
	text[CLOCK_ISO_LENGTH + 1] = '"';
	json_raw(json, key, text, sizeof(text));
}

void json_id(struct json *json, const char *key, const struct id *id)
{
	char hex[ID_HEX_LENGTH + 2] = "\"";

	id_hex(id, hex + 1);
	hex[ID_HEX_LENGTH + 1] = '"';
	json_raw(json, key, hex, sizeof(hex));
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

void json_indent(struct buffer *out, const char *text, size_t length)
{
	struct json_piece left = { text, length };
	char before = '\0';
	int depth = 0;

	for (json_skip_space(&left); left.length; json_skip_space(&left)) {
		const char *part = left.text;
		bool opened = before == '{' || before == '[';
		bool closes = *part == '}' || *part == ']';

		depth += opened - closes;
		if (opened != closes || before == ',')
			new_line(out, depth);
		if (*part == '"')
			json_skip_text(&left);
		else
			json_skip(&left, 1);
		buffer_put(out, part, (size_t)(left.text - part));
		if (*part == ':')
			buffer_byte(out, ' ');
		before = *part;
	}
	buffer_byte(out, '\n');
}
