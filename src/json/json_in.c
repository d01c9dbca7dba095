#include "json/json_in.h"

#include "base/decimal.h"
#include "json/json_walk.h"

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
	struct json_piece left;
	size_t depth;
	size_t values; /* of any kind */
	size_t members; /* of all objects, a name given twice counted twice */
	const char *problem; /* of the first fault, which is what is left */
};

static bool scan_value(struct scan *scan);

static bool broken(struct scan *scan, const char *problem)
{
	scan->problem = problem;
	return false;
}

static bool scan_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if (scan->left.length < length || memcmp(scan->left.text, word, length) != 0)
		return broken(scan, "a value is expected");
	json_skip(&scan->left, length);
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *scan)
{
	if (!is_digit(json_peek(&scan->left)))
		return broken(scan, "a digit is expected");
	while (is_digit(json_peek(&scan->left)))
		json_skip(&scan->left, 1);
	return true;
}

static bool scan_number(struct scan *scan)
{
	struct json_piece *left = &scan->left;
	const char *start = left->text;
	int64_t ignored;

	json_take(left, '-');
	if (!json_take(left, '0') && !scan_digits(scan))
		return false;
	if (json_take(left, '.') && !scan_digits(scan))
		return false;
	if (json_take(left, 'e') || json_take(left, 'E')) {
		if (!json_take(left, '+'))
			json_take(left, '-');
		if (!scan_digits(scan))
			return false;
	}
	if (decimal_read(start, (size_t)(left->text - start), 0, &ignored) == DECIMAL_BEYOND)
		return broken(scan, "a number does not fit 64 bits");
	return true;
}

static bool scan_escape(struct scan *scan)
{
	char c = json_peek(&scan->left);

	if (c == '\0' || !strchr("\"\\/bfnrtu", c))
		return broken(scan, "an escape is unknown");
	json_skip(&scan->left, 1);
	if (c != 'u')
		return true;
	int32_t meant = json_take_unicode(&scan->left);
	return meant > 0 || broken(scan, meant == 0		 ? "a text contains NUL" :
					 meant == JSON_NO_DIGITS ? "four hex digits are expected" :
								   "a surrogate stands alone");
}

static bool scan_text(struct scan *scan)
{
	struct json_piece *left = &scan->left;

	if (!json_take(left, '"'))
		return broken(scan, "a text in double quotes is expected");
	while (!json_take(left, '"')) {
		if (!left->length)
			return broken(scan, "a text is not closed");
		if ((unsigned char)*left->text < 0x20)
			return broken(scan, "a text contains a control character");
		if (!json_take(left, '\\'))
			json_skip(left, 1);
		else if (!scan_escape(scan))
			return false;
	}
	return true;
}

static bool scan_member(struct scan *scan)
{
	scan->members++;
	json_skip_space(&scan->left);
	if (!scan_text(scan))
		return false;
	json_skip_space(&scan->left);
	return json_take(&scan->left, ':') ? scan_value(scan) : broken(scan, "a colon is expected");
}

/* The rest of an array or object whose bracket was taken; item reads one of its elements. */
static bool scan_items(struct scan *scan, char closing, bool (*item)(struct scan *))
{
	if (++scan->depth > JSON_DEPTH_MAX)
		return broken(scan, "it is nested too deep");
	json_skip_space(&scan->left);
	if (!json_take(&scan->left, closing)) {
		do {
			if (!item(scan))
				return false;
			json_skip_space(&scan->left);
		} while (json_take(&scan->left, ','));
		if (!json_take(&scan->left, closing))
			return broken(scan, "a comma or a closing bracket is expected");
	}
	scan->depth--;
	return true;
}

static bool scan_value(struct scan *scan)
{
	if (++scan->values > JSON_VALUES_MAX)
		return broken(scan, "it holds too many values");
	json_skip_space(&scan->left);
	switch (json_peek(&scan->left)) {
	case '{':
		json_skip(&scan->left, 1);
		return scan_items(scan, '}', scan_member);
	case '[':
		json_skip(&scan->left, 1);
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
		if (json_peek(&scan->left) != '-' && !is_digit(json_peek(&scan->left)))
			return broken(scan, "a value is expected");
		return scan_number(scan);
	}
}

static bool scan_document(struct scan *scan)
{
	if (scan->left.length > INT_MAX)
		return broken(scan, "it is too long");
	if (!utf8_valid(scan->left.text, scan->left.length))
		return broken(scan, "it is not UTF-8");
	if (!scan_value(scan))
		return false;
	json_skip_space(&scan->left);
	return !scan->left.length || broken(scan, "something follows its end");
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
	struct scan scan = { .left = { text, length } };
	bool built;

	*problem = NULL;
	if (!scan_document(&scan)) {
		*problem = arena_printf(arena, "%s (at byte %zu)", scan.problem,
					length - scan.left.length + 1);
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
