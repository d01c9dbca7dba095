#include "base/count.h"
#include "suites.h"
#include "json/json_pick.h"

#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* What stands at a path of a text, as it is written; "" when nothing does. */
static const char *picked(const char *text, const char *path)
{
	struct json_piece found = json_pick(arena, json_pick_object(text, strlen(text)), path);

	return found.text ? arena_copy(arena, found.text, found.length) : "";
}

static const char *text_of(const char *quoted)
{
	size_t length;

	return json_pick_text(arena, (struct json_piece){ quoted, strlen(quoted) }, &length);
}

static const struct {
	const char *text, *path, *found;
} found[] = {
	{ "{\"a\":1}", "a", "1" },
	{ " \n{ \"a\" : { \"b\" : [ 1 , \"x\" , {\"c\":true} ] } }\t", "a.b.2.c", "true" },
	{ "{\"a\":1,\"a\":2}", "a", "2" },
	{ "{\"\\u0061\":7}", "a", "7" },
	{ "{\"z\":\"}]\\\"}\",\"a\":1}", "a", "1" },
	{ "{\"z\":[[[{\"a\":2}]]],\"a\":1}", "a", "1" },
	{ "{\"z\":1e400,\"y\":NaN,\"a\":-0}", "a", "-0" },
	{ "{\"z\":\"\\ud800\",\"a\":\"\\u0000\"}", "a", "\"\\u0000\"" },
	{ "{\"a\":{}}", "a", "{}" },
	{ "{\"a\":[1,2]}", "a.1", "2" },
	{ "{\"\":{\"\":1},\"a\":2}", "a", "2" },
	/* nothing there */
	{ "{}", "a", "" },
	{ "{\"a\":1}", "b", "" },
	{ "{\"a\":1}", "a.b", "" },
	{ "{\"a\":[1]}", "a.1", "" },
	{ "{\"a\":[1]}", "a.x", "" },
	{ "{\"a\":[]}", "a.0", "" },
	{ "{\"a\":{\"0\":1}}", "a.0", "1" },
	{ "{\"ab\":1}", "a", "" },
	{ "{\"a\" 1}", "a", "" },
	{ "{\"a\":}", "a", "" },
	{ "{,\"a\":1}", "a", "" },
	/* no object at all */
	{ "", "a", "" },
	{ "7", "a", "" },
	{ "[{\"a\":1}]", "0.a", "" },
	{ "{\"a\":1", "a", "" },
	{ "{\"a\":\"1}", "a", "" },
	{ "{\"a\":1}}", "a", "" },
	{ "{\"a\":1} {}", "a", "" },
	{ "x{\"a\":1}", "a", "" },
	{ "\xEF\xBB\xBF{\"a\":1}", "a", "" },
};

PROMISE("7 POST /webhook",
	"Every verified event is acted upon, whatever else is in it and however strange its JSON")
START_TEST(a_value_is_found_by_its_path_whatever_stands_beside_it)
{
	ck_assert_str_eq(picked(found[_i].text, found[_i].path), found[_i].found);
}
END_TEST

static const struct {
	const char *quoted, *text;
} texts[] = {
	{ "\"\"", "" },
	{ "\"plain\"", "plain" },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
	{ "\"\\u00e9\\u20AC\"", "é€" },
	{ "\"\\ud83d\\ude00\"", "😀" },
	{ "\"é€😀\"", "é€😀" },
	{ "\"\\ud83d\"", "\xEF\xBF\xBD" },
	{ "\"\\ude00\\ud83d\"", "\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "\"\\ud83d\\u0041\"", "\xEF\xBF\xBD"
				"A" },
	{ "\"a\\u0000b\"", "a\xEF\xBF\xBD"
			   "b" },
	{ "\"\\u12\"", "\xEF\xBF\xBD"
		       "12" },
	{ "\"\\q\"", "q" },
	{ "\"\xff\xc3(\"", "\xEF\xBF\xBD\xEF\xBF\xBD(" },
	{ "\"\xed\xa0\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "\"\x01\"", "\x01" },
};

START_TEST(a_text_is_always_utf_8_without_nul)
{
	ck_assert_str_eq(text_of(texts[_i].quoted), texts[_i].text);
}
END_TEST

/* A mebibyte of brackets: where each cost a call of its own, the stack would end. */
PROMISE("7 POST /webhook",
	"Every verified event is acted upon, whatever else is in it and however strange its JSON")
START_TEST(any_depth_is_passed_over)
{
	enum { DEPTH = 512 * 1024 };
	char *text = malloc(2 * DEPTH + 64);

	memcpy(text, "{\"z\":", 5);
	memset(text + 5, '[', DEPTH);
	memset(text + 5 + DEPTH, ']', DEPTH);
	strcpy(text + 5 + 2 * DEPTH, ",\"a\":1}");
	ck_assert_str_eq(picked(text, "a"), "1");
	text[5 + 2 * DEPTH - 1] = ' ';
	ck_assert_str_eq(picked(text, "a"), "");
	free(text);
}
END_TEST

Suite *suite_json_pick(void)
{
	Suite *suite = suite_create("json_pick");
	TCase *values = tcase_create("values");

	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_loop_test(values, a_value_is_found_by_its_path_whatever_stands_beside_it, 0,
			    COUNT_OF(found));
	tcase_add_loop_test(values, a_text_is_always_utf_8_without_nul, 0, COUNT_OF(texts));
	tcase_add_test(values, any_depth_is_passed_over);
	suite_add_tcase(suite, values);
	return suite;
}
