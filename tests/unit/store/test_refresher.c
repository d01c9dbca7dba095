/* Totals that are kept: which of them are forgotten where there are more than places. */
#include "store/refresher.h"
#include "suites.h"

#include <stdio.h>

static struct refresher *refresher;
static int64_t value, begun_at;

static void setup(void)
{
	refresher = refresher_new();
}

static void teardown(void)
{
	ck_assert(refresher_free(refresher));
}

START_TEST(what_was_computed_last_is_kept)
{
	ck_assert(!refresher_last(refresher, "open tasks", &value, &begun_at));
	refresher_keep(refresher, "open tasks", 667000, 5);
	refresher_keep(refresher, "open tasks", 1, 4); /* begun before */
	ck_assert(refresher_last(refresher, "open tasks", &value, &begun_at));
	ck_assert_int_eq(value, 667000);
	ck_assert_int_eq(begun_at, 5);
}
END_TEST

PROMISE("1 Lists", "Beyond, it may be up to 5 s old, with `totalApprox: true`")
START_TEST(what_is_looked_for_stays_whoever_else_has_totals)
{
	char name[40];

	refresher_keep(refresher, "open tasks", 667000, 1);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "open tasks of %d", i);
		refresher_keep(refresher, name, i, 1);
		ck_assert_msg(refresher_last(refresher, "open tasks", &value, &begun_at), "%d", i);
	}
	ck_assert_int_eq(value, 667000);
}
END_TEST

Suite *suite_refresher(void)
{
	Suite *suite = suite_create("refresher");
	TCase *places = tcase_create("places");

	tcase_add_checked_fixture(places, setup, teardown);
	tcase_add_test(places, what_was_computed_last_is_kept);
	tcase_add_test(places, what_is_looked_for_stays_whoever_else_has_totals);
	suite_add_tcase(suite, places);
	return suite;
}
