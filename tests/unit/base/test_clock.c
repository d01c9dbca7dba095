#include "base/clock.h"
#include "suites.h"

#include <string.h>

/* Computed with Python's datetime. */
static const struct {
	const char *text;
	int64_t when;
} good[] = {
	{ "1970-01-01", 0 },
	{ "2026-01-31", INT64_C(1769817600000) },
	{ "2026-01-31T09:00", INT64_C(1769850000000) },
	{ "2026-01-31T09:00Z", INT64_C(1769850000000) },
	{ "2026-01-31T09:00:00.000Z", INT64_C(1769850000000) },
	{ "2026-01-31T09:00:01", INT64_C(1769850001000) },
	{ "2026-01-31T09:00:01.5", INT64_C(1769850001500) },
	{ "2026-01-31T09:00:01.25Z", INT64_C(1769850001250) },
	{ "2026-01-31T09:00:01.123999999Z", INT64_C(1769850001123) },
	{ "2026-01-31T09:00:00+02:00", INT64_C(1769842800000) },
	{ "2026-01-31T09:00:00-0530", INT64_C(1769869800000) },
	{ "2026-01-31T09:00:00-05", INT64_C(1769868000000) },
	{ "2026-01-31T09:00+00:00", INT64_C(1769850000000) },
	{ "2026-01-31t09:00:00z", INT64_C(1769850000000) },
	{ "2026-01-31t09:00:00.000+00:00", INT64_C(1769850000000) },
	{ "2026-01-31T09:00z", INT64_C(1769850000000) },
	{ "2024-02-29", INT64_C(1709164800000) },
	{ "2000-02-29", INT64_C(951782400000) },
	{ "1969-12-31T23:59:59.999Z", -1 },
	{ "0001-01-01", INT64_C(-62135596800000) },
	{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
};

PROMISE("1 Requests", "`T` and `Z` of a date are taken in either case")
START_TEST(dates_and_date_times_of_iso_8601_are_read)
{
	int64_t when = 12345;

	ck_assert_msg(clock_parse(good[_i].text, strlen(good[_i].text), &when), "%s is refused",
		      good[_i].text);
	ck_assert_int_eq(when, good[_i].when);
}
END_TEST

static const char *const bad[] = {
	"",
	"2026",
	"2026-01",
	"2026-1-31",
	"26-01-31",
	"20260131",
	"2026/01/31",
	" 2026-01-31",
	"2026-01-31 ",
	"2026-01-31x",
	"2026-01-31 09:00",
	"2026-01-31T",
	"2026-01-31T09",
	"2026-01-31T9:00",
	"2026-01-31T09:00:",
	"2026-01-31T09:00:0",
	"2026-01-31T09:00:00.",
	"2026-01-31T09:00:00.Z",
	"2026-01-31T09:00:00,5Z",
	"2026-01-31T09:00:00.0000000001Z",
	"2026-01-31T09:00.5Z",
	"2026-01-31 09:00:00z",
	"2026-01-31t",
	"2026-01-31T09:00:00ZZ",
	"2026-01-31T09:00:00+",
	"2026-01-31T09:00:00+2",
	"2026-01-31T09:00:00+02:",
	"2026-01-31T09:00:00+02:0",
	"2026-01-31T09:00:00+020",
	"2026-01-31T09:00:00+02000",
	"2026-01-31T09:00:00 +02:00",
	"2026-01-31Z",
	"2026-01-31+02:00",
	/* what does not exist */
	"0000-12-31",
	"2026-00-10",
	"2026-13-10",
	"2026-01-00",
	"2026-01-32",
	"2026-04-31",
	"2026-02-29",
	"1900-02-29",
	"2100-02-29",
	"2024-02-30",
	"2026-01-31T24:00",
	"2026-01-31T09:60",
	"2016-12-31T23:59:60Z",
	"2026-01-31T09:00:00+24:00",
	"2026-01-31T09:00:00+02:60",
	/* a year that cannot be written */
	"9999-12-31T23:59:59-00:01",
	/* other forms of dates */
	"1769850000000",
	"Sat, 31 Jan 2026 09:00:00 GMT",
	"+002026-01-31",
	"-001-01-31",
	"tomorrow",
};

START_TEST(other_forms_and_dates_that_do_not_exist_are_refused)
{
	int64_t when = 12345;

	ck_assert_msg(!clock_parse(bad[_i], strlen(bad[_i]), &when), "%s is read as %lld", bad[_i],
		      (long long)when);
	ck_assert_int_eq(when, 12345);
}
END_TEST

START_TEST(no_byte_behind_the_length_is_read)
{
	const char text[] = "2026-01-31T09:00";
	int64_t when;

	ck_assert(clock_parse(text, 10, &when));
	ck_assert_int_eq(when, INT64_C(1769817600000));
	ck_assert(!clock_parse(text, 9, &when));
	ck_assert(!clock_parse(text, 11, &when));
	ck_assert(!clock_parse("2026-01-31\0", 11, &when));
}
END_TEST

START_TEST(what_is_written_reads_back_the_same)
{
	char text[CLOCK_ISO_LENGTH + 1];
	int64_t read;

	/* Every 4 days and a bit, over all years that can be read. */
	for (int64_t when = INT64_C(-62135596800000); when < INT64_C(253402300799999);
	     when += 4 * CLOCK_DAY + 12345678) {
		clock_iso(when, text);
		if (!clock_parse(text, strlen(text), &read) || read != when)
			ck_abort_msg("%s is not %lld", text, (long long)when);
	}
}
END_TEST

static void assert_iso(int64_t when, const char *expected)
{
	char text[CLOCK_ISO_LENGTH + 1];

	clock_iso(when, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(dates_are_written_in_utc_with_milliseconds)
{
	assert_iso(0, "1970-01-01T00:00:00.000Z");
	assert_iso(INT64_C(1769850000000), "2026-01-31T09:00:00.000Z");
	assert_iso(-1, "1969-12-31T23:59:59.999Z");
	assert_iso(INT64_C(951782400001), "2000-02-29T00:00:00.001Z");
	assert_iso(INT64_C(951868800000), "2000-03-01T00:00:00.000Z");
	assert_iso(INT64_C(978220800000), "2000-12-31T00:00:00.000Z");
	assert_iso(INT64_C(4107456000000), "2100-02-28T00:00:00.000Z");
	assert_iso(INT64_C(4107542400000), "2100-03-01T00:00:00.000Z");
	assert_iso(INT64_C(-62162121600000), "0000-02-29T00:00:00.000Z");
	assert_iso(INT64_C(-62162035200000), "0000-03-01T00:00:00.000Z");
}
END_TEST

START_TEST(dates_beyond_the_calendar_are_written_as_its_ends)
{
	assert_iso(INT64_MIN, "0000-01-01T00:00:00.000Z");
	assert_iso(INT64_MAX, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(the_clock_tells_the_time_and_the_steady_one_goes_on)
{
	int64_t before = clock_steady();

	/* 2020 to 2100 */
	ck_assert_int_gt(clock_now(), INT64_C(1577836800000));
	ck_assert_int_lt(clock_now(), INT64_C(4102444800000));
	clock_sleep(20);
	ck_assert_int_ge(clock_steady() - before, 19);
	ck_assert_int_ge(clock_steady_us() / 1000, before);
}
END_TEST

/* It went on from that moment, which was so far ahead of this host's; both count whole milliseconds. */
static void assert_now(int64_t since, int64_t ahead)
{
	int64_t now = clock_now();

	ck_assert_int_ge(now, since + ahead);
	ck_assert_int_le(now, clock_of_host() + ahead + 2);
}

PROMISE("1 Idempotency-Key",
	"Leases, what is kept and windows go by the database's clock, not by a worker's")
START_TEST(the_calendar_that_counts_is_followed_and_not_the_one_of_this_host)
{
	int64_t ours = clock_of_host();

	clock_heard(ours + 10 * CLOCK_MINUTE);
	assert_now(ours, 10 * CLOCK_MINUTE);
	/* news that was long on its way tells nothing */
	clock_heard(ours + 9 * CLOCK_MINUTE);
	assert_now(ours, 10 * CLOCK_MINUTE);
	ck_assert_int_lt(clock_of_host(), ours + CLOCK_MINUTE);
	/* it was set back indeed */
	for (int i = 0; i < CLOCK_NEWS; i++)
		clock_heard(ours - 10 * CLOCK_MINUTE);
	assert_now(ours, -10 * CLOCK_MINUTE);
	for (int i = 0; i < CLOCK_NEWS; i++)
		clock_heard(clock_of_host());
}
END_TEST

Suite *suite_clock(void)
{
	Suite *suite = suite_create("clock");
	TCase *reading = tcase_create("reading");
	TCase *writing = tcase_create("writing");

	tcase_add_loop_test(reading, dates_and_date_times_of_iso_8601_are_read, 0,
			    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(reading, other_forms_and_dates_that_do_not_exist_are_refused, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(reading, no_byte_behind_the_length_is_read);
	tcase_add_test(writing, what_is_written_reads_back_the_same);
	tcase_add_test(writing, dates_are_written_in_utc_with_milliseconds);
	tcase_add_test(writing, dates_beyond_the_calendar_are_written_as_its_ends);
	tcase_add_test(writing, the_clock_tells_the_time_and_the_steady_one_goes_on);
	tcase_add_test(writing, the_calendar_that_counts_is_followed_and_not_the_one_of_this_host);
	suite_add_tcase(suite, reading);
	suite_add_tcase(suite, writing);
	return suite;
}
