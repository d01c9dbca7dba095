#include "json/json_pick.h"

#include "base/buffer.h"
#include "json/json_walk.h"
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT UINT32_C(0xFFFD)

/* ---- values, passed over ---- */

/* An array or object: to the bracket that closes as many as were opened. */
static bool skip_nested(struct json_piece *left)
{
	size_t depth = 0;

	while (left->length) {
		char c = *left->text;

		if (c == '"') {
			if (!json_skip_text(left))
				return false;
			continue;
		}
		json_skip(left, 1);
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return false;
}

/* A number or a word, or whatever stands where one should be. */
static bool skip_plain(struct json_piece *left)
{
	size_t before = left->length;

	while (left->length && !json_is_space(*left->text) && !strchr(",:]}[{\"", *left->text))
		json_skip(left, 1);
	return left->length < before;
}

static bool value_take(struct json_piece *left, struct json_piece *value)
{
	char c = json_peek(left);

	*value = *left;
	bool whole = c == '"'		  ? json_skip_text(left) :
		     c == '{' || c == '[' ? skip_nested(left) :
					    skip_plain(left);
	value->length -= left->length;
	return whole;
}

struct json_piece json_pick_object(const char *text, size_t length)
{
	struct json_piece left = { text, length }, object;

	json_skip_space(&left);
	if (json_peek(&left) != '{' || !value_take(&left, &object))
		return (struct json_piece){ 0 };
	json_skip_space(&left);
	return left.length ? (struct json_piece){ 0 } : object;
}

/* ---- the way to a value ---- */

static bool is_named(struct arena *arena, struct json_piece quoted, const char *name, size_t length)
{
	size_t found;
	const char *text = json_pick_text(arena, quoted, &found);

	return found == length && !memcmp(text, name, length);
}

/* The next member of an object; false at its end, and where something is broken: then the end is not at hand. */
static bool member_next(struct json_piece *left, bool first, struct json_piece *key,
			struct json_piece *value)
{
	struct json_piece ahead = *left;

	json_skip_space(&ahead);
	if (!first && !json_take(&ahead, ','))
		return false;
	json_skip_space(&ahead);
	if (json_peek(&ahead) != '"' || !value_take(&ahead, key))
		return false;
	json_skip_space(&ahead);
	if (!json_take(&ahead, ':'))
		return false;
	json_skip_space(&ahead);
	if (!value_take(&ahead, value))
		return false;
	*left = ahead;
	return true;
}

/* The last member of that name in an object; what is broken ends the object. */
static struct json_piece member(struct arena *arena, struct json_piece object, const char *name,
				size_t length)
{
	struct json_piece found = { 0 }, key, value;

	json_take(&object, '{');
	for (bool first = true; member_next(&object, first, &key, &value); first = false)
		if (is_named(arena, key, name, length))
			found = value;
	return found;
}

static struct json_piece item(struct json_piece array, size_t place)
{
	struct json_piece value;

	json_take(&array, '[');
	do {
		json_skip_space(&array);
		if (!value_take(&array, &value))
			break;
		if (place-- == 0)
			return value;
		json_skip_space(&array);
	} while (json_take(&array, ','));
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

static uint32_t unicode_escape(struct json_piece *left)
{
	struct json_piece behind = *left;
	int32_t meant = json_take_unicode(&behind);

	/* what follows a lone surrogate, or is no digit, is read by itself */
	json_skip(left, meant > 0 ? left->length - behind.length : meant == JSON_NO_DIGITS ? 0 : 4);
	return meant > 0 ? (uint32_t)meant : REPLACEMENT;
}

static uint32_t escape(struct json_piece *left)
{
	static const char names[] = "bfnrt", meant[] = "\b\f\n\r\t";
	char c = json_peek(left);
	const char *name = c ? strchr(names, c) : NULL;

	if (!left->length || (unsigned char)c >= 0x80)
		return REPLACEMENT;
	json_skip(left, 1);
	if (c == 'u')
		return unicode_escape(left);
	return name ? (uint32_t)meant[name - names] : c ? (uint32_t)c : REPLACEMENT;
}

/* One character that is written as itself. */
static uint32_t plain(struct json_piece *left)
{
	size_t size = 1;

	while (size < UTF8_MAX && size < left->length && !utf8_valid(left->text, size))
		size++;
	uint32_t code_point = utf8_valid(left->text, size) ? utf8_next(left->text, &size) : 0;
	json_skip(left, code_point ? size : 1);
	return code_point ? code_point : REPLACEMENT;
}

const char *json_pick_text(struct arena *arena, struct json_piece quoted, size_t *length)
{
	struct json_piece left = { quoted.text + 1, quoted.length - 2 };
	struct buffer out = { 0 };
	char bytes[UTF8_MAX];

	while (left.length) {
		uint32_t code_point = json_take(&left, '\\') ? escape(&left) : plain(&left);

		buffer_put(&out, bytes, utf8_encode(code_point, bytes));
	}
	*length = out.length;
	const char *text = arena_copy(arena, out.bytes ? out.bytes : "", out.length);
	buffer_free(&out);
	return text;
}

/* ---- members of one's own ---- */

struct json_piece json_pick_members(struct arena *arena, const char *text, size_t length,
				    bool (*wanted)(const void *context, const char *name),
				    const void *context)
{
	struct json_piece left = json_pick_object(text, length), key, value;
	struct buffer out = { 0 };
	size_t name_length;

	if (!left.text)
		return left;
	json_take(&left, '{');
	buffer_text(&out, "{");
	for (bool first = true; member_next(&left, first, &key, &value); first = false) {
		if (!wanted(context, json_pick_text(arena, key, &name_length)))
			continue;
		buffer_text(&out, out.length > 1 ? "," : "");
		/* from the key's first byte to the value's last */
		buffer_put(&out, key.text, (size_t)(value.text + value.length - key.text));
	}
	buffer_text(&out, "}");
	json_skip_space(&left);
	struct json_piece picked = { arena_copy(arena, out.bytes, out.length), out.length };
	buffer_free(&out);
	return json_take(&left, '}') && !left.length ? picked : (struct json_piece){ 0 };
}
