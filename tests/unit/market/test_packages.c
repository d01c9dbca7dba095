/* Coin packages, as settings list them. */
#include "market/packages.h"
#include "suites.h"

#include <string.h>

static struct arena *arena;
static char problem[256];

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* In the order of the setting: "coins:cents ". */
static void expect_packages(const char *text, const char *expected)
{
	struct packages packages = packages_read(arena, text);
	const char *found = "";

	for (size_t i = 0; i < packages.count; i++)
		found = arena_printf(arena, "%s%lld:%lld ", found,
				     (long long)packages.list[i].coins,
				     (long long)packages.list[i].cents);
	ck_assert_str_eq(found, expected);
}

PROMISE("2 Prices", "`COIN_PACKAGES` sets them")
START_TEST(packages_have_coins_and_a_price_with_cents)
{
	const char *packages = "1:0.01,19:19.99,20:1.5,1000000000:999999.99";
	const struct config config = { .packages = packages,
				       .packages_extra = "50:5,120:10,320:25,700:50" };

	ck_assert_msg(packages_check(&config, problem), "%s", problem);
	expect_packages(packages, "1:1 19:1999 20:150 1000000000:99999999 ");
	expect_packages(config.packages_extra, "50:500 120:1000 320:2500 700:5000 ");
	ck_assert_int_eq(packages_find(arena, packages, 20)->cents, 150);
	ck_assert_ptr_null(packages_find(arena, packages, 50));
}
END_TEST

START_TEST(without_the_setting_there_are_none)
{
	ck_assert(packages_check(&(struct config){ 0 }, problem));
	expect_packages(NULL, "");
	ck_assert_ptr_null(packages_find(arena, NULL, 10));
}
END_TEST

PROMISE("7 POST /purchase-coins", "What is bought may be one of `COIN_PACKAGES_EXTRA`")
START_TEST(a_package_of_either_setting_is_found_at_its_price_alone)
{
	const struct config config = { .packages = "10:1,150:10",
				       .packages_extra = "150:12,700:50" };
	const struct {
		int64_t coins, cents;
		bool found;
	} asked[] = {
		{ 10, 100, true },    { 150, 1000, true }, { 150, 1200, true }, { 700, 5000, true },
		{ 150, 1100, false }, { 10, 1000, false }, { 20, 100, false },
	};

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		const struct package *package =
			packages_find_priced(arena, &config, asked[i].coins, asked[i].cents);

		ck_assert_int_eq(package != NULL, asked[i].found);
		ck_assert(!package || package->cents == asked[i].cents);
	}
	ck_assert_ptr_null(packages_find_priced(arena, &(struct config){ 0 }, 10, 100));
}
END_TEST

static const char *const bad[] = {
	"10",	    "10:",	    ":1",	  ",",
	"10:1,",    "10:1, 20:2",   "10=1",	  "ten:1",
	"10:one",   "10:$1",	    "0:1",	  "-10:1",
	"10.5:1",   "1000000001:1", "10:0",	  "10:-1",
	"10:1.005", "10:1e2",	    "10:1000000", "99999999999999999999:1",
};

START_TEST(what_is_no_package_is_refused_in_one_sentence)
{
	ck_assert(!packages_check(&(struct config){ .packages = bad[_i] }, problem));
	ck_assert_str_eq(
		problem,
		"COIN_PACKAGES must be coins:dollars, as in 10:1,150:9.99, without spaces: "
		"coins from 1 to 1000000000, dollars from 0.01 to 999999.99.");
}
END_TEST

START_TEST(two_packages_of_the_same_coins_are_refused)
{
	ck_assert(!packages_check(&(struct config){ .packages = "10:1,20:2,10:3" }, problem));
	ck_assert_str_eq(problem, "COIN_PACKAGES must not have two packages of the same coins.");
	ck_assert(!packages_check(
		&(struct config){ .packages = "5:1", .packages_extra = "5:1,5:1" }, problem));
	ck_assert_str_eq(problem,
			 "COIN_PACKAGES_EXTRA must not have two packages of the same coins.");
}
END_TEST

Suite *suite_packages(void)
{
	Suite *suite = suite_create("packages");
	TCase *settings = tcase_create("settings");

	tcase_add_checked_fixture(settings, setup, teardown);
	tcase_add_test(settings, packages_have_coins_and_a_price_with_cents);
	tcase_add_test(settings, a_package_of_either_setting_is_found_at_its_price_alone);
	tcase_add_test(settings, without_the_setting_there_are_none);
	tcase_add_loop_test(settings, what_is_no_package_is_refused_in_one_sentence, 0,
			    sizeof bad / sizeof *bad);
	tcase_add_test(settings, two_packages_of_the_same_coins_are_refused);
	suite_add_tcase(suite, settings);
	return suite;
}
