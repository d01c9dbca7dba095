#include "base/email.h"
#include "suites.h"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

START_TEST(addresses_of_mail_differ_in_all_but_the_case_of_ascii_letters)
{
	ck_assert_str_eq(email_fold(arena, "Ann.AZaz@Example.ORG"), "ann.azaz@example.org");
	/* KELVIN SIGN, ANGSTROM SIGN, dotted I, E acute, final and other sigma */
	for (size_t i = 0; i < 6; i++) {
		static const char *const others[] = { "\xe2\x84\xaa@x.org", "\xe2\x84\xab@x.org",
						      "\xc4\xb0@x.org",	    "\xc3\x89@x.org",
						      "\xcf\x82@x.org",	    "\xce\xa3@x.org" };

		ck_assert_str_eq(email_fold(arena, others[i]), others[i]);
	}
}
END_TEST

Suite *suite_email(void)
{
	Suite *suite = suite_create("email");
	TCase *tests = tcase_create("email");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, addresses_of_mail_differ_in_all_but_the_case_of_ascii_letters);
	suite_add_tcase(suite, tests);
	return suite;
}
