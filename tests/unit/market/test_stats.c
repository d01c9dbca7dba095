#include "market/stats.h"
#include "suites.h"

PROMISE("9 GET /stats", "completionRate (approved ÷ reviewed, %)")
START_TEST(a_share_is_in_hundredths_of_a_percent_and_rounded)
{
	ck_assert_int_eq(stats_share(1, 2), 5000);
	ck_assert_int_eq(stats_share(2, 3), 6667);
	ck_assert_int_eq(stats_share(1, 3), 3333);
	ck_assert_int_eq(stats_share(1, 16), 625);
	ck_assert_int_eq(stats_share(1, 32000), 0);
	ck_assert_int_eq(stats_share(1, 20000), 1);
	ck_assert_int_eq(stats_share(7, 7), 10000);
	ck_assert_int_eq(stats_share(0, 7), 0);
}
END_TEST

PROMISE("9 GET /stats", "All computed from data, 0 where there is none")
START_TEST(a_share_of_nothing_is_0)
{
	ck_assert_int_eq(stats_share(0, 0), 0);
}
END_TEST

PROMISE("9 GET /stats",
	"weeklyGrowth (new users, last 7 days against the 7 before, %), platformGrowth (over 30 days)")
START_TEST(growth_compares_with_before)
{
	ck_assert_int_eq(stats_growth(4, 5), 2500);
	ck_assert_int_eq(stats_growth(5, 5), 0);
	ck_assert_int_eq(stats_growth(2, 6), 20000);
	ck_assert_int_eq(stats_growth(8, 7), -1250);
	ck_assert_int_eq(stats_growth(3, 1), -6667);
	ck_assert_int_eq(stats_growth(3, 0), -10000);
}
END_TEST

PROMISE("9 GET /stats", "All computed from data, 0 where there is none")
START_TEST(growth_from_nothing_is_none)
{
	ck_assert_int_eq(stats_growth(0, 0), 0);
	ck_assert_int_eq(stats_growth(0, 1), 0);
	ck_assert_int_eq(stats_growth(0, 50), 0);
}
END_TEST

Suite *suite_stats(void)
{
	Suite *suite = suite_create("stats");
	TCase *tests = tcase_create("percentages");

	tcase_add_test(tests, a_share_is_in_hundredths_of_a_percent_and_rounded);
	tcase_add_test(tests, a_share_of_nothing_is_0);
	tcase_add_test(tests, growth_compares_with_before);
	tcase_add_test(tests, growth_from_nothing_is_none);
	suite_add_tcase(suite, tests);
	return suite;
}
