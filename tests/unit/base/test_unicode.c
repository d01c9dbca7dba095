#include "base/unicode.h"
#include "suites.h"

static void assert_folded(const char *text, const char *expected)
{
	struct arena *arena = arena_new();

	ck_assert_str_eq(unicode_fold_text(arena, text), expected);
	arena_free(arena);
}

START_TEST(case_is_folded_in_every_alphabet)
{
	assert_folded("", "");
	assert_folded("ADA@Example.COM 42", "ada@example.com 42");
	assert_folded("\u00c9COLE", "\u00e9cole");
	assert_folded("\u041c\u0418\u0420", "\u043c\u0438\u0440");
	/* U+023A has two bytes, its lower case three */
	assert_folded("\u023a\u023a", "\u2c65\u2c65");
}
END_TEST

START_TEST(a_sigma_is_a_sigma_wherever_it_stands)
{
	assert_folded("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c3");
	assert_folded("\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03cc\u03c3");
}
END_TEST

START_TEST(letters_and_digits_of_all_scripts_are_told_from_the_rest)
{
	ck_assert(unicode_is_alnum('a') && unicode_is_alnum('7') && unicode_is_alnum(0xe9));
	ck_assert(unicode_is_alnum(0x4e2d) && unicode_is_alnum(0x0661));
	ck_assert(!unicode_is_alnum(' ') && !unicode_is_alnum('_') && !unicode_is_alnum(0xa0));
	ck_assert(!unicode_is_alnum(0x1f600) && !unicode_is_alnum(0x2019));
}
END_TEST

Suite *suite_unicode(void)
{
	Suite *suite = suite_create("unicode");
	TCase *unicode = tcase_create("unicode");

	tcase_add_test(unicode, case_is_folded_in_every_alphabet);
	tcase_add_test(unicode, a_sigma_is_a_sigma_wherever_it_stands);
	tcase_add_test(unicode, letters_and_digits_of_all_scripts_are_told_from_the_rest);
	suite_add_tcase(suite, unicode);
	return suite;
}
