/* Whose turn it is, of those who wait. A waiter is called by whom it is of and its number: "a1". */
#include "server/fair.h"
#include "suites.h"

#include <stdio.h>
#include <string.h>

#define CROWD 64

static struct fair fair;
static struct named {
	struct waiter waiter;
	char name[8];
} waiters[CROWD];
static size_t count;

static void setup(void)
{
	fair_init(&fair);
	count = 0;
}

static void teardown(void)
{
	fair_destroy(&fair);
}

static struct waiter *put_for(char outer, char inner)
{
	struct named *named = &waiters[count++];

	ck_assert_uint_le(count, CROWD);
	named->waiter =
		(struct waiter){ .key = { .outer = (uint64_t)outer, .inner = (uint64_t)inner } };
	snprintf(named->name, sizeof named->name, "%c%c", outer, inner);
	fair_put(&fair, &named->waiter);
	return &named->waiter;
}

static void put(char outer, int times)
{
	for (int i = 1; i <= times; i++)
		put_for(outer, (char)('0' + i));
}

static const char *name(const struct waiter *waiter)
{
	return waiter ? ((const struct named *)waiter)->name : "-";
}

/* The next ones' names, each with a turn that ends before the next begins. */
static const char *order(int turns)
{
	static char text[256];

	text[0] = '\0';
	for (int i = 0; i < turns; i++) {
		struct waiter *waiter = fair_next(&fair, 0);

		strcat(text, name(waiter));
		strcat(text, " ");
		if (waiter)
			fair_done(&fair, waiter);
	}
	return text;
}

START_TEST(of_one_the_first_who_came_is_the_first_served)
{
	put_for('a', 'x');
	put_for('a', 'x');
	ck_assert_ptr_eq(fair_oldest(&fair), &waiters[0].waiter);
	ck_assert_ptr_eq(fair_next(&fair, 0), &waiters[0].waiter);
	ck_assert_ptr_eq(fair_oldest(&fair), &waiters[1].waiter);
	ck_assert_ptr_eq(fair_next(&fair, 0), &waiters[1].waiter);
	ck_assert_ptr_null(fair_next(&fair, 0));
	ck_assert_ptr_null(fair_oldest(&fair));
}
END_TEST

PROMISE("1 Limits", "No address can take more than its share of turns to hash")
START_TEST(who_sends_many_waits_for_their_own_and_who_comes_with_one_is_next)
{
	put('a', 5);
	ck_assert_str_eq(order(1), "a1 ");
	put('b', 2);
	put('c', 1);
	ck_assert_str_eq(order(8), "a2 b1 c1 a3 b2 a4 a5 - ");
}
END_TEST

START_TEST(one_who_comes_again_and_again_is_no_sooner_than_who_waits)
{
	put('a', 3);
	for (int i = 0; i < 3; i++) {
		put('b', 1);
		ck_assert_str_eq(order(2), i == 0 ? "a1 b1 " : i == 1 ? "a2 b1 " : "a3 b1 ");
	}
}
END_TEST

PROMISE("1 Limits", "No account can take more than its share of turns to hash")
START_TEST(behind_one_address_each_account_has_its_turn)
{
	for (int i = 0; i < 5; i++)
		put_for('a', 'x');
	put_for('a', 'y');
	put_for('b', 'z');
	put_for('a', 'y');
	ck_assert_str_eq(order(9), "ax bz ay ax ay ax ax ax - ");
}
END_TEST

PROMISE("1 Limits",
	"No account can take more than its share of calls that wait for another service")
START_TEST(nobody_has_more_turns_at_once_than_each_may)
{
	put('a', 4);
	struct waiter *first = fair_next(&fair, 2);
	ck_assert_str_eq(name(first), "a1");
	ck_assert_str_eq(name(fair_next(&fair, 2)), "a2");
	ck_assert_ptr_null(fair_next(&fair, 2));
	put('b', 1);
	ck_assert_str_eq(name(fair_next(&fair, 2)), "b1");
	ck_assert_ptr_null(fair_next(&fair, 2));
	fair_done(&fair, first);
	ck_assert_str_eq(name(fair_next(&fair, 2)), "a3");
	ck_assert_ptr_null(fair_next(&fair, 2));
}
END_TEST

START_TEST(turns_that_run_count_also_while_none_of_theirs_waits)
{
	put('a', 1);
	struct waiter *running = fair_next(&fair, 1);
	struct waiter *later = put_for('a', '2');
	ck_assert_ptr_null(fair_next(&fair, 1));
	fair_done(&fair, running);
	ck_assert_ptr_eq(fair_next(&fair, 1), later);
}
END_TEST

START_TEST(who_is_taken_out_leaves_no_gap)
{
	put('a', 3);
	put('b', 1);
	fair_remove(&fair, &waiters[1].waiter);
	fair_remove(&fair, &waiters[3].waiter);
	ck_assert_uint_eq(fair.waiting, 2);
	ck_assert_str_eq(order(3), "a1 a3 - ");
	put('b', 1);
	ck_assert_str_eq(order(2), "b1 - ");
}
END_TEST

START_TEST(the_last_of_the_largest_crowd_makes_room)
{
	const struct fair_key stranger = { .outer = 'z' }, crowd = { .outer = 'b' };

	ck_assert_ptr_null(fair_crowd(&fair, stranger));
	put('a', 1);
	ck_assert_ptr_null(fair_crowd(&fair, stranger));
	put('b', 1);
	for (int i = 0; i < 3; i++)
		put_for('b', 'x');
	ck_assert_ptr_eq(fair_crowd(&fair, stranger), &waiters[count - 1].waiter);
	ck_assert_ptr_null(fair_crowd(&fair, crowd));
}
END_TEST

START_TEST(a_crowd_makes_room_for_who_has_fewer_until_both_have_the_same)
{
	int moved = 0;
	struct waiter *last;

	for (int i = 0; i < 10; i++)
		put_for('a', 'x');
	while ((last = fair_crowd(&fair, (struct fair_key){ .outer = 'b' })) != NULL) {
		fair_remove(&fair, last);
		put_for('b', 'y');
		moved++;
	}
	ck_assert_int_eq(moved, 5);
}
END_TEST

static size_t ahead(char outer, char inner)
{
	const struct fair_key key = { .outer = (uint64_t)outer, .inner = (uint64_t)inner };

	return fair_place(&fair, key, 0).ahead;
}

START_TEST(it_is_known_beforehand_how_many_go_first)
{
	ck_assert_uint_eq(ahead('a', 'x'), 0);
	for (int i = 0; i < 5; i++)
		put_for('a', 'x');
	ck_assert_uint_eq(ahead('a', 'x'), 5);
	ck_assert_uint_eq(ahead('a', 'y'), 1);
	ck_assert_uint_eq(ahead('b', 'x'), 1);
	put_for('b', 'x');
	ck_assert_uint_eq(ahead('b', 'x'), 3);
	ck_assert_uint_eq(ahead('a', 'x'), 6);
	ck_assert_uint_eq(ahead('c', 'x'), 2);
}
END_TEST

START_TEST(it_is_known_who_might_have_a_turn_now)
{
	const struct fair_key flooder = { .outer = 'a' }, other = { .outer = 'b' };

	put('a', 4);
	ck_assert_uint_eq(fair_place(&fair, other, 0).ready, 4);
	ck_assert_uint_eq(fair_place(&fair, other, 2).ready, 2);
	ck_assert_ptr_nonnull(fair_next(&fair, 2));
	ck_assert_ptr_nonnull(fair_next(&fair, 2));
	ck_assert_uint_eq(fair_place(&fair, other, 2).ready, 0);
	ck_assert(fair_place(&fair, other, 2).may);
	ck_assert(!fair_place(&fair, flooder, 2).may);
}
END_TEST

Suite *suite_fair(void)
{
	Suite *suite = suite_create("fair");
	TCase *turns = tcase_create("turns");

	tcase_add_checked_fixture(turns, setup, teardown);
	tcase_add_test(turns, of_one_the_first_who_came_is_the_first_served);
	tcase_add_test(turns, who_sends_many_waits_for_their_own_and_who_comes_with_one_is_next);
	tcase_add_test(turns, one_who_comes_again_and_again_is_no_sooner_than_who_waits);
	tcase_add_test(turns, behind_one_address_each_account_has_its_turn);
	tcase_add_test(turns, nobody_has_more_turns_at_once_than_each_may);
	tcase_add_test(turns, turns_that_run_count_also_while_none_of_theirs_waits);
	tcase_add_test(turns, who_is_taken_out_leaves_no_gap);
	tcase_add_test(turns, the_last_of_the_largest_crowd_makes_room);
	tcase_add_test(turns, a_crowd_makes_room_for_who_has_fewer_until_both_have_the_same);
	tcase_add_test(turns, it_is_known_beforehand_how_many_go_first);
	tcase_add_test(turns, it_is_known_who_might_have_a_turn_now);
	suite_add_tcase(suite, turns);
	return suite;
}
