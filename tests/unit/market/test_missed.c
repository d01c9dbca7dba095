#include "market/missed.h"
#include "suites.h"

#include <string.h>

static struct missed_place place_of(const char *hex, int64_t created)
{
	struct missed_place place = { .created = created };

	ck_assert(id_parse(hex, strlen(hex), &place.id));
	return place;
}

static void expect_least(const struct missed_place *place, const char *hex)
{
	struct id least = missed_least_id(place);
	char found[ID_HEX_LENGTH + 1];

	id_hex(&least, found);
	ck_assert_str_eq(found, hex);
}

START_TEST(ids_made_in_the_lag_before_a_notification_come_along)
{
	struct missed_place place = place_of("65a1b2c3d4e5f60718293a4b", 5);

	/* 0x65a1b2c3 - 30 */
	expect_least(&place, "65a1b2a50000000000000000");
}
END_TEST

START_TEST(before_a_mere_moment_its_second_counts)
{
	struct missed_place place = missed_place_at(INT64_C(0x65a1b2c3) * 1000 + 999);

	expect_least(&place, "65a1b2a50000000000000000");
}
END_TEST

START_TEST(the_ends_of_time_are_places_like_others)
{
	struct missed_place first = place_of("0000000700000000000000aa", 0),
			    last = place_of("ffffffffffffffffffffffff", INT64_MAX),
			    beyond = missed_place_at(INT64_C(9999999999999999));

	expect_least(&first, "000000000000000000000000");
	expect_least(&last, "ffffffe10000000000000000");
	expect_least(&beyond, "ffffffe10000000000000000");
}
END_TEST

Suite *suite_missed(void)
{
	Suite *suite = suite_create("missed");
	TCase *missed = tcase_create("missed");

	tcase_add_test(missed, ids_made_in_the_lag_before_a_notification_come_along);
	tcase_add_test(missed, before_a_mere_moment_its_second_counts);
	tcase_add_test(missed, the_ends_of_time_are_places_like_others);
	suite_add_tcase(suite, missed);
	return suite;
}
