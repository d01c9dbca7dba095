#include "base/comma.h"
#include "suites.h"

START_TEST(words_between_commas_are_found_to_the_letter)
{
	const char *rest = "a,,bc";
	size_t length;

	ck_assert_str_eq(comma_next(&rest, &length), "a,,bc");
	ck_assert_uint_eq(length, 1);
	ck_assert_str_eq(comma_next(&rest, &length), ",bc");
	ck_assert_uint_eq(length, 0);
	ck_assert_str_eq(comma_next(&rest, &length), "bc");
	ck_assert_uint_eq(length, 2);
	ck_assert_ptr_null(comma_next(&rest, &length));
	ck_assert(comma_has("one,two", "one") && comma_has("one,two", "two"));
	ck_assert(!comma_has("one,two", "tw") && !comma_has("one,two", "one,two"));
	ck_assert(!comma_has("one,two", "") && !comma_has(NULL, "one"));
}
END_TEST

Suite *suite_comma(void)
{
	Suite *suite = suite_create("comma");
	TCase *tests = tcase_create("comma");

	tcase_add_test(tests, words_between_commas_are_found_to_the_letter);
	suite_add_tcase(suite, tests);
	return suite;
}
