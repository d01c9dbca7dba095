/* What refunds and disputes come to, in every order. */
#include "market/reversals.h"
#include "store/doc.h"
#include "suites.h"

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

static struct reversals refund(int64_t cents)
{
	return (struct reversals){ .refunded = cents };
}

static struct reversals dispute(const char *id, int64_t cents, enum dispute_state state, int64_t at)
{
	return (struct reversals){
		.disputes = { { .id = id, .cents = cents, .state = state, .told_at = at } },
		.count = 1,
	};
}

PROMISE("7 Money that goes back",
	"`charge.refunded`, whole or in part, several times, takes its share back, rounded down")
START_TEST(the_share_is_rounded_down_and_never_more_than_all)
{
	static const struct {
		int64_t cents, coins;
	} shares[] = { { 0, 0 },  { 1, 0 },    { 14, 1 },   { 15, 1 },	      { 50, 5 },
		       { 99, 9 }, { 100, 10 }, { 101, 10 }, { INT64_MAX, 10 } };

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct reversals reversals = refund(shares[i].cents);

		ck_assert_int_eq(reversals_coins(&reversals, 10, 100), shares[i].coins);
	}
}
END_TEST

START_TEST(a_share_of_very_much_does_not_overflow)
{
	struct reversals half = refund(INT64_MAX / 4);

	ck_assert_int_le(reversals_coins(&half, INT64_MAX / 2, INT64_MAX / 2), INT64_MAX / 2);
	ck_assert_int_ge(reversals_coins(&half, INT64_MAX / 2, INT64_MAX / 2), 0);
}
END_TEST

START_TEST(without_a_price_all_goes_back_or_nothing)
{
	struct reversals some = refund(1), none = refund(0);

	ck_assert_int_eq(reversals_coins(&some, 10, 0), 10);
	ck_assert_int_eq(reversals_coins(&none, 10, 0), 0);
}
END_TEST

/* Two refunds, two disputes and their verdicts: whatever comes first, the end is the same. */
PROMISE("7 Money that goes back", "In whatever order events come")
START_TEST(the_order_does_not_matter)
{
	const struct reversals told[] = {
		refund(100),
		refund(250),
		dispute("dp_1", 300, DISPUTE_OPEN, 1),
		dispute("dp_1", 300, DISPUTE_WON, 5),
		dispute("dp_2", 200, DISPUTE_LOST, 4),
	};
	int order[5] = { 0, 1, 2, 3, 4 }, seen = 0;

	/* all 120 of them, by a counter of mixed radix */
	for (int number = 0; number < 120; number++, seen++) {
		struct reversals end = { 0 };
		int left[5], count = 5, rest = number;

		memcpy(left, order, sizeof left);
		while (count > 0) {
			int at = rest % count;

			rest /= count;
			reversals_join(&end, &told[left[at]]);
			memmove(&left[at], &left[at + 1], sizeof(int) * (size_t)(count - at - 1));
			count--;
		}
		ck_assert_str_eq(reversals_name(&end), "charged_back");
		ck_assert_int_eq(reversals_coins(&end, 1000, 1000), 450);
		for (size_t i = 0; i < 5; i++)
			ck_assert(!reversals_join(&end, &told[i]));
	}
	ck_assert_int_eq(seen, 120);
}
END_TEST

PROMISE("7 Money that goes back",
	"The payment keeps its status and gains `reversal` and `reversed_coins`")
START_TEST(the_name_says_the_worst)
{
	struct reversals reversals = { 0 };
	struct reversals more = refund(1);

	ck_assert_ptr_null(reversals_name(&reversals));
	ck_assert(reversals_join(&reversals, &more));
	ck_assert_str_eq(reversals_name(&reversals), "refunded");
	more = dispute("dp_1", 1, DISPUTE_OPEN, 1);
	ck_assert(reversals_join(&reversals, &more));
	ck_assert_str_eq(reversals_name(&reversals), "disputed");
	more = dispute("dp_1", 1, DISPUTE_LOST, 2);
	ck_assert(reversals_join(&reversals, &more));
	ck_assert_str_eq(reversals_name(&reversals), "charged_back");
	more = dispute("dp_1", 1, DISPUTE_WON, 3);
	ck_assert(reversals_join(&reversals, &more));
	ck_assert_str_eq(reversals_name(&reversals), "refunded");
}
END_TEST

START_TEST(what_is_kept_is_read_again)
{
	struct reversals reversals = dispute("dp_1", 300, DISPUTE_LOST, 7), again;

	reversals.refunded = 55;
	reversals_read(reversals_doc(arena, &reversals), &again);
	ck_assert_int_eq(again.refunded, 55);
	ck_assert_uint_eq(again.count, 1);
	ck_assert_str_eq(again.disputes[0].id, "dp_1");
	ck_assert_int_eq(again.disputes[0].cents, 300);
	ck_assert_int_eq(again.disputes[0].state, DISPUTE_LOST);
	ck_assert_int_eq(again.disputes[0].told_at, 7);
	reversals_read(DOC(arena, LIST("disputes", ITEM(WHOLE("cents", 1)))), &again);
	ck_assert_uint_eq(again.count, 0);
}
END_TEST

START_TEST(more_disputes_than_there_is_room_for_are_dropped)
{
	struct reversals reversals = { 0 };

	for (int i = 0; i < DISPUTES_MAX; i++) {
		struct reversals more =
			dispute(arena_printf(arena, "dp_%d", i), 1, DISPUTE_OPEN, 1);
		ck_assert(reversals_join(&reversals, &more));
	}
	struct reversals more = dispute("dp_more", 1, DISPUTE_OPEN, 1);
	ck_assert(!reversals_join(&reversals, &more));
}
END_TEST

Suite *suite_reversals(void)
{
	Suite *suite = suite_create("reversals");
	TCase *joined = tcase_create("joined");

	tcase_add_checked_fixture(joined, setup, teardown);
	tcase_add_test(joined, the_share_is_rounded_down_and_never_more_than_all);
	tcase_add_test(joined, a_share_of_very_much_does_not_overflow);
	tcase_add_test(joined, without_a_price_all_goes_back_or_nothing);
	tcase_add_test(joined, the_order_does_not_matter);
	tcase_add_test(joined, the_name_says_the_worst);
	tcase_add_test(joined, what_is_kept_is_read_again);
	tcase_add_test(joined, more_disputes_than_there_is_room_for_are_dropped);
	suite_add_tcase(suite, joined);
	return suite;
}
