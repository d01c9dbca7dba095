#include "json/json_in.h"

#include "base/decimal.h"
#include "base/encoding.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The scanner: says whether the text is strict JSON, and counts what json-c would silently drop.
 * It calls itself once per level, and JSON_DEPTH_MAX bounds that.
 */
struct scan {
	const char *text;
	size_t length, at;
	size_t depth;
	size_t values; /* of any kind */
	size_t members; /* of all objects, a name given twice counted twice */
	const char *problem; /* of the first fault; at stands there */
};

static bool scan_value(struct scan *scan);

static bool broken(struct scan *scan, const char *problem)
{
	scan->problem = problem;
	return false;
}

/* The byte at hand; 0, which no JSON contains, at the end. */
static char peek(const struct scan *scan)
{
	return scan->at < scan->length ? scan->text[scan->at] : '\0';
}

static bool take(struct scan *scan, char wanted)
{
	if (peek(scan) != wanted)
		return false;
	scan->at++;
	return true;
}

static void skip_space(struct scan *scan)
{
	while (peek(scan) == ' ' || peek(scan) == '\t' || peek(scan) == '\n' || peek(scan) == '\r')
		scan->at++;
}

static bool scan_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if (scan->length - scan->at < length || memcmp(scan->text + scan->at, word, length) != 0)
		return broken(scan, "a value is expected");
	scan->at += length;
	return true;
}

static bool scan_digits(struct scan *scan)
{
	size_t start = scan->at;

	while (peek(scan) >= '0' && peek(scan) <= '9')
		scan->at++;
	return scan->at > start || broken(scan, "a digit is expected");
}

static bool scan_number(struct scan *scan)
{
	size_t start = scan->at;
	int64_t ignored;

	take(scan, '-');
	if (!take(scan, '0') && !scan_digits(scan))
		return false;
	if (take(scan, '.') && !scan_digits(scan))
		return false;
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			take(scan, '-');
		if (!scan_digits(scan))
			return false;
	}
	if (decimal_read(scan->text + start, scan->at - start, 0, &ignored) == DECIMAL_BEYOND)
		return broken(scan, "a number does not fit 64 bits");
	return true;
}

/* The four hex digits of a \u escape; -1 when they are none. */
static int32_t scan_hex4(struct scan *scan)
{
	int32_t unit = 0;

	for (int i = 0; i < 4; i++, scan->at++) {
		int digit = hex_digit(peek(scan));

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool scan_unicode_escape(struct scan *scan)
{
	int32_t unit = scan_hex4(scan);

	if (unit < 0)
		return broken(scan, "four hex digits are expected");
	if (unit == 0)
		return broken(scan, "a text contains NUL");
	if (unit < 0xD800 || unit > 0xDFFF)
		return true;

	int32_t low = unit < 0xDC00 && take(scan, '\\') && take(scan, 'u') ? scan_hex4(scan) : -1;

	return (low >= 0xDC00 && low <= 0xDFFF) || broken(scan, "a surrogate stands alone");
}

static bool scan_escape(struct scan *scan)
{
	char c = peek(scan);

	if (c == '\0' || !strchr("\"\\/bfnrtu", c))
		return broken(scan, "an escape is unknown");
	scan->at++;
	return c != 'u' || scan_unicode_escape(scan);
}

static bool scan_text(struct scan *scan)
{
	if (!take(scan, '"'))
		return broken(scan, "a text in double quotes is expected");
	while (!take(scan, '"')) {
		if (scan->at == scan->length)
			return broken(scan, "a text is not closed");
		if ((unsigned char)peek(scan) < 0x20)
			return broken(scan, "a text contains a control character");
		if (take(scan, '\\')) {
			if (!scan_escape(scan))
				return false;
		} else {
			scan->at++;
		}
	}
	return true;
}

static bool scan_member(struct scan *scan)
{
	scan->members++;
	skip_space(scan);
	if (!scan_text(scan))
		return false;
	skip_space(scan);
	return take(scan, ':') ? scan_value(scan) : broken(scan, "a colon is expected");
}

/* The rest of an array or object whose bracket was taken; item reads one of its elements. */
static bool scan_items(struct scan *scan, char closing, bool (*item)(struct scan *))
{
	if (++scan->depth > JSON_DEPTH_MAX)
		return broken(scan, "it is nested too deep");
	skip_space(scan);
	if (!take(scan, closing)) {
		do {
			if (!item(scan))
				return false;
			skip_space(scan);
		} while (take(scan, ','));
		if (!take(scan, closing))
			return broken(scan, "a comma or a closing bracket is expected");
	}
	scan->depth--;
	return true;
}

static bool scan_value(struct scan *scan)
{
	if (++scan->values > JSON_VALUES_MAX)
		return broken(scan, "it holds too many values");
	skip_space(scan);
	switch (peek(scan)) {
	case '{':
		scan->at++;
		return scan_items(scan, '}', scan_member);
	case '[':
		scan->at++;
		return scan_items(scan, ']', scan_value);
	case '"':
		return scan_text(scan);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	default:
		if (peek(scan) != '-' && (peek(scan) < '0' || peek(scan) > '9'))
			return broken(scan, "a value is expected");
		return scan_number(scan);
	}
}

static bool scan_document(struct scan *scan)
{
	if (scan->length > INT_MAX)
		return broken(scan, "it is too long");
	if (!utf8_valid(scan->text, scan->length))
		return broken(scan, "it is not UTF-8");
	if (!scan_value(scan))
		return false;
	skip_space(scan);
	return scan->at == scan->length || broken(scan, "something follows its end");
}

/* --- the tree --- */

static size_t count_members(struct json_object *value)
{
	size_t count = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += count_members(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			count += 1 + count_members(member);
		}
	}
	return count;
}

static void release_tree(void *tree)
{
	json_object_put(tree);
}

static struct json_object *build_tree(const char *text, size_t length, bool *built)
{
	/* It counts the innermost scalar as a level too. */
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	struct json_object *tree;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	tree = json_tokener_parse_ex(tokener, text, (int)length);
	/* A number at the top may go on for all it knows: a NUL ends it. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		tree = json_tokener_parse_ex(tokener, "", 1);
	*built = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	return tree;
}

struct json_object *json_in(struct arena *arena, const char *text, size_t length,
			    const char **problem)
{
	struct scan scan = { .text = text, .length = length };
	bool built;

	*problem = NULL;
	if (!scan_document(&scan)) {
		*problem = arena_printf(arena, "%s (at byte %zu)", scan.problem, scan.at + 1);
		return NULL;
	}

	struct json_object *tree = build_tree(text, length, &built);

	arena_defer(arena, release_tree, tree);
	if (!built)
		*problem = "it cannot be read";
	else if (count_members(tree) != scan.members)
		*problem = "an object names a member twice";
	return *problem ? NULL : tree;
}
