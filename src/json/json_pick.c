#include "json/json_pick.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "json/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT UINT32_C(0xFFFD)

/* What is left of a text. */
struct walk {
	const char *at, *end;
};

static struct walk walk_of(struct json_piece piece)
{
	return (struct walk){ piece.text, piece.text + piece.length };
}

/* The byte at hand; 0, which begins no value, at the end. */
static char peek(const struct walk *walk)
{
	return walk->at < walk->end ? *walk->at : '\0';
}

static bool take(struct walk *walk, char wanted)
{
	if (walk->at == walk->end || *walk->at != wanted)
		return false;
	walk->at++;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct walk *walk)
{
	while (walk->at < walk->end && is_space(*walk->at))
		walk->at++;
}

/* ---- values, passed over ---- */

static bool skip_text(struct walk *walk)
{
	if (!take(walk, '"'))
		return false;
	while (walk->at < walk->end) {
		char c = *walk->at++;

		if (c == '"')
			return true;
		if (c == '\\' && walk->at < walk->end)
			walk->at++;
	}
	return false;
}

/* An array or object: to the bracket that closes as many as were opened. */
static bool skip_nested(struct walk *walk)
{
	size_t depth = 0;

	while (walk->at < walk->end) {
		char c = *walk->at;

		if (c == '"') {
			if (!skip_text(walk))
				return false;
			continue;
		}
		walk->at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return false;
}

/* A number or a word, or what stands in place of one. */
static bool skip_plain(struct walk *walk)
{
	const char *start = walk->at;

	while (walk->at < walk->end && !is_space(*walk->at) && !strchr(",:]}[{\"", *walk->at))
		walk->at++;
	return walk->at > start;
}

static bool value_take(struct walk *walk, struct json_piece *value)
{
	const char *start = walk->at;
	char c = peek(walk);
	bool whole = c == '"'		  ? skip_text(walk) :
		     c == '{' || c == '[' ? skip_nested(walk) :
					    skip_plain(walk);

	*value = (struct json_piece){ start, (size_t)(walk->at - start) };
	return whole;
}

struct json_piece json_pick_object(const char *text, size_t length)
{
	const char *start = text_skip_mark(text, &length);
	struct walk walk = { start, start + length };
	struct json_piece object;

	skip_space(&walk);
	if (peek(&walk) != '{' || !value_take(&walk, &object))
		return (struct json_piece){ 0 };
	skip_space(&walk);
	return walk.at == walk.end ? object : (struct json_piece){ 0 };
}

/* ---- the way to a value ---- */

static bool is_named(struct arena *arena, struct json_piece quoted, const char *name, size_t length)
{
	size_t found;
	const char *text = json_pick_text(arena, quoted, &found);

	return found == length && !memcmp(text, name, length);
}

/* The next member of an object; false at its end, and where something is broken: then the end is not at hand. */
static bool member_next(struct walk *walk, bool first, struct json_piece *key,
			struct json_piece *value)
{
	struct walk ahead = *walk;

	skip_space(&ahead);
	if (!first && !take(&ahead, ','))
		return false;
	skip_space(&ahead);
	if (peek(&ahead) != '"' || !value_take(&ahead, key))
		return false;
	skip_space(&ahead);
	if (!take(&ahead, ':'))
		return false;
	skip_space(&ahead);
	if (!value_take(&ahead, value))
		return false;
	*walk = ahead;
	return true;
}

/* The last member of that name in an object; what is broken ends the object. */
static struct json_piece member(struct arena *arena, struct json_piece object, const char *name,
				size_t length)
{
	struct walk walk = walk_of(object);
	struct json_piece found = { 0 }, key, value;

	take(&walk, '{');
	for (bool first = true; member_next(&walk, first, &key, &value); first = false)
		if (is_named(arena, key, name, length))
			found = value;
	return found;
}

static struct json_piece item(struct json_piece array, size_t place)
{
	struct walk walk = walk_of(array);
	struct json_piece value;

	take(&walk, '[');
	do {
		skip_space(&walk);
		if (!value_take(&walk, &value))
			break;
		if (place-- == 0)
			return value;
		skip_space(&walk);
	} while (take(&walk, ','));
	return (struct json_piece){ 0 };
}

struct json_piece json_pick(struct arena *arena, struct json_piece from, const char *path)
{
	while (from.text && path && *path) {
		size_t length = strcspn(path, ".");

		if (*from.text == '{')
			from = member(arena, from, path, length);
		else if (*from.text == '[' && strspn(path, "0123456789") == length)
			from = item(from, (size_t)strtoul(path, NULL, 10));
		else
			from = (struct json_piece){ 0 };
		path += length + (path[length] == '.');
	}
	return from;
}

/* ---- texts ---- */

/* Four hex digits behind \u; more than 16 bits when they are none. */
static uint32_t hex4(struct walk *walk)
{
	uint32_t unit = 0;

	if (walk->end - walk->at < 4)
		return UINT32_MAX;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(walk->at[i]);

		if (digit < 0)
			return UINT32_MAX;
		unit = unit * 16 + (uint32_t)digit;
	}
	walk->at += 4;
	return unit;
}

/* The low half of a pair, if it is next. */
static bool low_surrogate(struct walk *walk, uint32_t *low)
{
	struct walk ahead = *walk;

	if (!take(&ahead, '\\') || !take(&ahead, 'u'))
		return false;
	*low = hex4(&ahead);
	if (*low < 0xDC00 || *low > 0xDFFF)
		return false;
	*walk = ahead;
	return true;
}

static uint32_t unicode_escape(struct walk *walk)
{
	uint32_t low, unit = hex4(walk);

	if (unit >= 0xD800 && unit <= 0xDBFF && low_surrogate(walk, &low))
		return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
	return unit == 0 || unit > 0xFFFF || (unit >= 0xD800 && unit <= 0xDFFF) ? REPLACEMENT :
										  unit;
}

static uint32_t escape(struct walk *walk)
{
	static const char names[] = "bfnrt", meant[] = "\b\f\n\r\t";
	char c = peek(walk);
	const char *name = c ? strchr(names, c) : NULL;

	if (walk->at == walk->end || (unsigned char)c >= 0x80)
		return REPLACEMENT;
	walk->at++;
	if (c == 'u')
		return unicode_escape(walk);
	return name ? (uint32_t)meant[name - names] : c ? (uint32_t)c : REPLACEMENT;
}

/* One character that is written as itself. */
static uint32_t plain(struct walk *walk)
{
	size_t left = (size_t)(walk->end - walk->at), length;

	for (size_t n = 1; n <= 4 && n <= left; n++)
		if (utf8_valid(walk->at, n)) {
			uint32_t code_point = utf8_next(walk->at, &length);

			walk->at += n;
			return code_point ? code_point : REPLACEMENT;
		}
	walk->at++;
	return REPLACEMENT;
}

const char *json_pick_text(struct arena *arena, struct json_piece quoted, size_t *length)
{
	struct walk walk = { quoted.text + 1, quoted.text + quoted.length - 1 };
	struct buffer out = { 0 };
	char bytes[4];

	while (walk.at < walk.end) {
		uint32_t code_point = take(&walk, '\\') ? escape(&walk) : plain(&walk);

		buffer_put(&out, bytes, utf8_encode(code_point, bytes));
	}
	*length = out.length;
	const char *text = arena_copy(arena, out.bytes ? out.bytes : "", out.length);
	buffer_free(&out);
	return text;
}

/* ---- members of one's own ---- */

/* From the key's first byte to the value's last. */
static void member_copy(struct buffer *out, struct json_piece key, struct json_piece value)
{
	if (out->length > 1)
		buffer_put(out, ",", 1);
	buffer_put(out, key.text, (size_t)(value.text + value.length - key.text));
}

struct json_piece json_pick_members(struct arena *arena, const char *text, size_t length,
				    bool (*wanted)(const void *context, const char *name),
				    const void *context)
{
	struct walk walk = { text, text + length };
	struct buffer out = { 0 };
	struct json_piece key, value;
	size_t name_length;

	skip_space(&walk);
	bool whole = take(&walk, '{');
	buffer_put(&out, "{", 1);
	for (bool first = true; whole && member_next(&walk, first, &key, &value); first = false)
		if (wanted(context, json_pick_text(arena, key, &name_length)))
			member_copy(&out, key, value);
	buffer_put(&out, "}", 1);
	skip_space(&walk);
	whole = whole && take(&walk, '}');
	skip_space(&walk);
	struct json_piece picked = { arena_copy(arena, out.bytes, out.length), out.length };
	buffer_free(&out);
	return whole && walk.at == walk.end ? picked : (struct json_piece){ 0 };
}
