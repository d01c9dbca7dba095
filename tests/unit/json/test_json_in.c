#include "suites.h"
#include "json/json_in.h"

#include <json-c/json.h>
#include <stdbool.h>
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

/* Read from a block of exactly that size, so that a byte read behind it does not go unseen. */
static struct json_object *read_exactly(const char *text, size_t length, const char **problem)
{
	char *bytes = malloc(length > 0 ? length : 1);
	struct json_object *tree;

	memcpy(bytes, text, length);
	tree = json_in(arena, bytes, length, problem);
	free(bytes);
	return tree;
}

struct sample {
	const char *text;
	size_t length;
};

#define SAMPLE(text)                   \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct sample good[] = {
	SAMPLE("{}"),
	SAMPLE("[]"),
	SAMPLE(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n"),
	SAMPLE("0"),
	SAMPLE("-0"),
	SAMPLE("-0.0"),
	SAMPLE("12"),
	SAMPLE("1e3"),
	SAMPLE("1E+3"),
	SAMPLE("1.5e-3"),
	SAMPLE("0e999999999999"),
	SAMPLE("1e-400"),
	SAMPLE("9223372036854775807"),
	SAMPLE("-9223372036854775808"),
	SAMPLE("9.223372036854775807e18"),
	SAMPLE("\"\""),
	SAMPLE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	SAMPLE("\"\\u00e9\\u20AC\""),
	SAMPLE("\"\\ud83d\\ude00\""),
	SAMPLE("\"\xC3\xA9\xF0\x9F\x98\x80\x7F\""),
	SAMPLE("true"),
	SAMPLE("false"),
	SAMPLE("{\"a\":{\"a\":{\"a\":null}},\"b\":[{\"a\":1},{\"a\":1}]}"),
};

START_TEST(strict_json_is_taken)
{
	const char *problem = "not set";
	struct json_object *tree = read_exactly(good[_i].text, good[_i].length, &problem);

	ck_assert_msg(!problem, "%s: %s", good[_i].text, problem);
	ck_assert_ptr_nonnull(tree);
}
END_TEST

START_TEST(null_at_the_top_is_no_tree_and_no_problem)
{
	const char *problem = "not set";

	ck_assert_ptr_null(read_exactly("null", 4, &problem));
	ck_assert_ptr_null(problem);
}
END_TEST

static const struct sample bad_grammar[] = {
	SAMPLE(""),	     SAMPLE("   "),	   SAMPLE("{"),	      SAMPLE("}"),
	SAMPLE("[1"),	     SAMPLE("[1}"),	   SAMPLE("[1,]"),    SAMPLE("[,1]"),
	SAMPLE("[1 2]"),     SAMPLE("{\"a\":1,}"), SAMPLE("{\"a\"}"), SAMPLE("{\"a\" 1}"),
	SAMPLE("{\"a\":}"),  SAMPLE("{a:1}"),	   SAMPLE("{1:1}"),   SAMPLE("{'a':1}"),
	SAMPLE("['a']"),     SAMPLE("{} {}"),	   SAMPLE("{}x"),     SAMPLE("{}\0"),
	SAMPLE("// c\n{}"),  SAMPLE("/* c */{}"),  SAMPLE("\f{}"),    SAMPLE("\xC2\xA0{}"),
	SAMPLE("tru"),	     SAMPLE("True"),	   SAMPLE("nul"),     SAMPLE("nulll"),
	SAMPLE("undefined"),
};

static const struct sample bad_numbers[] = {
	SAMPLE("NaN"),
	SAMPLE("Infinity"),
	SAMPLE("-Infinity"),
	SAMPLE("-NaN"),
	SAMPLE("01"),
	SAMPLE("-01"),
	SAMPLE("00"),
	SAMPLE("+1"),
	SAMPLE("-"),
	SAMPLE("1."),
	SAMPLE(".5"),
	SAMPLE("1.e3"),
	SAMPLE("1e"),
	SAMPLE("1e+"),
	SAMPLE("1e3.5"),
	SAMPLE("0x10"),
	SAMPLE("1_000"),
	SAMPLE("1 2"),
	SAMPLE("9223372036854775808"),
	SAMPLE("-9223372036854775809"),
	SAMPLE("18446744073709551616"),
	SAMPLE("99999999999999999999999999"),
	SAMPLE("9223372036854775808.0"),
	SAMPLE("1e19"),
	SAMPLE("-1e19"),
	SAMPLE("1e400"),
	SAMPLE("1e99999999999999999999"),
};

static const struct sample bad_texts[] = {
	SAMPLE("\"open"),
	SAMPLE("\"open\\\""),
	SAMPLE("\"\\"),
	SAMPLE("\"\\x41\""),
	SAMPLE("\"\\'\""),
	SAMPLE("\"\\u12\""),
	SAMPLE("\"\\u12G4\""),
	SAMPLE("\"\\U0041\""),
	SAMPLE("\"line\nbreak\""),
	SAMPLE("\"tab\there\""),
	SAMPLE("\"nul\0here\""),
	SAMPLE("\"\x1f\""),
	SAMPLE("\"\\u0000\""),
	SAMPLE("{\"a\\u0000b\":1}"),
	SAMPLE("{\"a\0b\":1}"),
	SAMPLE("\"\\ud800\""),
	SAMPLE("\"\\udc00\""),
	SAMPLE("\"\\ud800x\""),
	SAMPLE("\"\\ud800\\n\""),
	SAMPLE("\"\\ud800\\u0041\""),
	SAMPLE("\"\\ud800\\ud800\""),
	SAMPLE("\"\\ude00\\ud83d\""),
	SAMPLE("{\"\\ud800\":1}"),
};

static const struct sample bad_utf8[] = {
	SAMPLE("\"\xFF\""),
	SAMPLE("\"\xC3\""),
	SAMPLE("\"\x80\""),
	SAMPLE("\"\xC0\xAF\""),
	SAMPLE("\"\xE0\x80\xAF\""),
	SAMPLE("\"\xED\xA0\x80\""),
	SAMPLE("\"\xF4\x90\x80\x80\""),
	SAMPLE("{\"\xC0\x80\":1}"),
	SAMPLE("\xEF\xBB\xBF{}"),
	SAMPLE("\xFF\xFE{\0}\0"),
};

static const struct sample duplicates[] = {
	SAMPLE("{\"a\":1,\"a\":1}"),
	SAMPLE("{\"a\":1,\"b\":2,\"a\":null}"),
	SAMPLE("{\"a\":1,\"\\u0061\":2}"),
	SAMPLE("{\"x\":{\"a\":1,\"a\":2}}"),
	SAMPLE("[[{\"a\":1,\"a\":2}]]"),
	SAMPLE("{\"\":1,\"\":2}"),
	SAMPLE("{\"a\":{\"b\":1,\"b\":2},\"a\":3}"),
};

static void refuse(const struct sample *sample)
{
	const char *problem = NULL;

	ck_assert_ptr_null(read_exactly(sample->text, sample->length, &problem));
	ck_assert_msg(problem != NULL, "taken: %s", sample->text);
}

START_TEST(what_is_not_json_is_refused)
{
	refuse(&bad_grammar[_i]);
}
END_TEST

START_TEST(numbers_that_json_or_int64_do_not_know_are_refused)
{
	refuse(&bad_numbers[_i]);
}
END_TEST

START_TEST(texts_with_control_nul_or_lone_surrogates_are_refused)
{
	refuse(&bad_texts[_i]);
}
END_TEST

START_TEST(bytes_that_are_not_utf8_and_byte_order_marks_are_refused)
{
	refuse(&bad_utf8[_i]);
}
END_TEST

START_TEST(a_name_given_twice_is_refused_however_it_is_written)
{
	refuse(&duplicates[_i]);
}
END_TEST

/* depth arrays or objects in each other around a number; the caller frees it. */
static char *nested(size_t depth, const char *opening, const char *closing)
{
	char *text = calloc(1, depth * (strlen(opening) + strlen(closing)) + 2);
	char *at = text;

	for (size_t i = 0; i < depth; i++)
		at = stpcpy(at, opening);
	at = stpcpy(at, "1");
	for (size_t i = 0; i < depth; i++)
		at = stpcpy(at, closing);
	return text;
}

static bool nesting_is_taken(size_t depth, const char *opening, const char *closing)
{
	char *text = nested(depth, opening, closing);
	const char *problem;

	json_in(arena, text, strlen(text), &problem);
	free(text);
	return problem == NULL;
}

START_TEST(nesting_is_taken_to_32_levels_and_no_deeper)
{
	ck_assert(nesting_is_taken(32, "[", "]"));
	ck_assert(!nesting_is_taken(33, "[", "]"));
	ck_assert(nesting_is_taken(32, "{\"a\":", "}"));
	ck_assert(!nesting_is_taken(33, "{\"a\":", "}"));
}
END_TEST

START_TEST(a_megabyte_of_brackets_does_no_harm)
{
	ck_assert(!nesting_is_taken(500000, "[", "]"));
	ck_assert(!nesting_is_taken(100000, "{\"a\":", "}"));
}
END_TEST

/* An array of so many zeros. */
static bool zeros_are_taken(size_t count)
{
	char *text = malloc(2 * count + 2);
	const char *problem;

	text[0] = '[';
	for (size_t i = 0; i < count; i++)
		memcpy(text + 1 + 2 * i, "0,", 2);
	text[2 * count] = ']';
	json_in(arena, text, 2 * count + 1, &problem);
	free(text);
	return problem == NULL;
}

START_TEST(a_body_of_very_many_values_is_refused)
{
	ck_assert(zeros_are_taken(JSON_VALUES_MAX - 1));
	ck_assert(!zeros_are_taken(JSON_VALUES_MAX));
}
END_TEST

START_TEST(a_problem_says_what_and_where)
{
	const char *problem;

	json_in(arena, "{\"a\":01}", 8, &problem);
	ck_assert_str_eq(problem, "a comma or a closing bracket is expected (at byte 7)");
	json_in(arena, "{\"a\":1,\"a\":2}", 13, &problem);
	ck_assert_str_eq(problem, "an object names a member twice");
}
END_TEST

START_TEST(escapes_are_decoded)
{
	static const char text[] = "{\"t\":\"\\u00e9\\ud83d\\ude00\\n\"}";
	const char *problem;
	struct json_object *tree = json_in(arena, text, sizeof(text) - 1, &problem);

	ck_assert_str_eq(json_object_get_string(json_object_object_get(tree, "t")),
			 "\xC3\xA9\xF0\x9F\x98\x80\n");
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_json_in(void)
{
	Suite *suite = suite_create("json_in");
	TCase *strict = tcase_create("strict");
	TCase *bounds = tcase_create("bounds");

	tcase_add_checked_fixture(strict, setup, teardown);
	tcase_add_loop_test(strict, strict_json_is_taken, 0, COUNT(good));
	tcase_add_test(strict, null_at_the_top_is_no_tree_and_no_problem);
	tcase_add_test(strict, escapes_are_decoded);
	tcase_add_loop_test(strict, what_is_not_json_is_refused, 0, COUNT(bad_grammar));
	tcase_add_loop_test(strict, numbers_that_json_or_int64_do_not_know_are_refused, 0,
			    COUNT(bad_numbers));
	tcase_add_loop_test(strict, texts_with_control_nul_or_lone_surrogates_are_refused, 0,
			    COUNT(bad_texts));
	tcase_add_loop_test(strict, bytes_that_are_not_utf8_and_byte_order_marks_are_refused, 0,
			    COUNT(bad_utf8));
	tcase_add_loop_test(strict, a_name_given_twice_is_refused_however_it_is_written, 0,
			    COUNT(duplicates));
	tcase_add_checked_fixture(bounds, setup, teardown);
	tcase_add_test(bounds, nesting_is_taken_to_32_levels_and_no_deeper);
	tcase_add_test(bounds, a_megabyte_of_brackets_does_no_harm);
	tcase_add_test(bounds, a_body_of_very_many_values_is_refused);
	tcase_add_test(bounds, a_problem_says_what_and_where);
	suite_add_tcase(suite, strict);
	suite_add_tcase(suite, bounds);
	return suite;
}
