#include "base/still_clock.h"

#include "base/clock.h"
#include "server/bulkhead.h"
#include "suites.h"

#include <pthread.h>

#define CROWD 32

static struct bulkhead *bulkhead;
static struct waiter waiters[CROWD];
static struct waiter *displaced;
static int seconds;

static void start(const struct bulkhead_limits *limits)
{
	bulkhead = bulkhead_new(limits);
}

static void teardown(void)
{
	clock_go();
	bulkhead_close(bulkhead);
	bulkhead_free(bulkhead);
}

static bool enter(int index, uint64_t outer)
{
	waiters[index].key = (struct fair_key){ .outer = outer };
	return bulkhead_enter(bulkhead, &waiters[index], false, &displaced, &seconds);
}

PROMISE("1 Limits",
	"They are refused (503) only when waiting would pass 10 s, and told when to come back")
START_TEST(who_would_wait_longer_than_promised_is_told_when_to_come_back)
{
	int let_in = 2;

	/* two turns a second, of which ten may be ahead */
	start(&(struct bulkhead_limits){
		.turns = 2, .places = CROWD, .wait_ms = 5000, .usual_ms = 1000 });
	for (int i = 0; i < 2; i++)
		ck_assert(enter(i, 1) && bulkhead_take(bulkhead));
	while (let_in < CROWD && enter(let_in, 1))
		let_in++;
	ck_assert_int_eq(let_in, 2 + 11);
	ck_assert_int_eq(seconds, 6);
	ck_assert_msg(enter(let_in, 2), "of another address, next");
}
END_TEST

START_TEST(those_who_come_before_anybody_took_a_turn_count_each_other)
{
	int let_in = 0;

	start(&(struct bulkhead_limits){
		.turns = 2, .places = CROWD, .wait_ms = 5000, .usual_ms = 1000 });
	while (let_in < CROWD && enter(let_in, 1))
		let_in++;
	ck_assert_int_eq(let_in, 11);
}
END_TEST

START_TEST(before_it_is_measured_the_usual_counts)
{
	start(&(struct bulkhead_limits){
		.turns = 1, .places = CROWD, .wait_ms = 1000, .usual_ms = 1000 });
	ck_assert(enter(0, 1) && bulkhead_take(bulkhead));
	ck_assert(enter(1, 1) && enter(2, 1));
	ck_assert(!enter(3, 1));
	ck_assert_int_eq(seconds, 2);
	bulkhead_leave(bulkhead, &waiters[0]);
}
END_TEST

PROMISE("1 Limits",
	"They are refused (503) only when waiting would pass 10 s, and told when to come back")
START_TEST(it_is_measured_how_long_turns_take)
{
	start(&(struct bulkhead_limits){
		.turns = 1, .places = CROWD, .wait_ms = 1000, .usual_ms = 1000 });
	ck_assert(enter(0, 1));
	struct waiter *waiter = bulkhead_take(bulkhead);
	ck_assert(enter(1, 1));
	for (int i = 2; i < 10; i++) {
		/* one always waits: an idle bulkhead forgets */
		clock_pass(200);
		bulkhead_leave(bulkhead, waiter);
		waiter = bulkhead_take(bulkhead);
		ck_assert(enter(i, 1));
	}
	ck_assert(enter(10, 1));
	ck_assert_msg(enter(11, 1), "behind two of less than half a second each");
	ck_assert_msg(!enter(12, 1), "but not behind three");
	bulkhead_leave(bulkhead, waiter);
}
END_TEST

START_TEST(turns_that_hang_count_as_long_as_they_have_run)
{
	start(&(struct bulkhead_limits){
		.turns = 1, .places = CROWD, .wait_ms = 150, .usual_ms = 10 });
	ck_assert(enter(0, 1) && bulkhead_take(bulkhead));
	ck_assert(enter(1, 1));
	clock_pass(200);
	ck_assert(!enter(2, 1));
	bulkhead_leave(bulkhead, &waiters[0]);
}
END_TEST

START_TEST(who_has_a_free_turn_waits_for_nobody_who_hangs)
{
	start(&(struct bulkhead_limits){
		.turns = 3, .each = 1, .places = CROWD, .wait_ms = 100, .usual_ms = 1 });
	ck_assert(enter(0, 1) && bulkhead_take(bulkhead));
	ck_assert(enter(1, 1));
	clock_pass(200);
	ck_assert_msg(!enter(2, 1), "their own one hangs");
	ck_assert(enter(2, 2));
	ck_assert_ptr_eq(bulkhead_take(bulkhead), &waiters[2]);
	bulkhead_leave(bulkhead, &waiters[2]);
	bulkhead_leave(bulkhead, &waiters[0]);
}
END_TEST

START_TEST(what_hung_once_is_forgotten_when_nobody_waits_any_more)
{
	start(&(struct bulkhead_limits){
		.turns = 1, .places = CROWD, .wait_ms = 50, .usual_ms = 1 });
	ck_assert(enter(0, 1) && bulkhead_take(bulkhead));
	clock_pass(500);
	bulkhead_leave(bulkhead, &waiters[0]);
	ck_assert(enter(0, 1) && bulkhead_take(bulkhead));
	for (int i = 1; i < 10; i++)
		ck_assert(enter(i, 1));
	bulkhead_leave(bulkhead, &waiters[0]);
}
END_TEST

static void *take_late(void *unused)
{
	(void)unused;
	return bulkhead_take_late(bulkhead);
}

START_TEST(who_has_waited_too_long_is_found_however_long_turns_hang)
{
	pthread_t thread;
	void *late;

	start(&(struct bulkhead_limits){
		.turns = 1, .places = CROWD, .wait_ms = 100, .usual_ms = 1 });
	clock_go();
	ck_assert(enter(0, 1) && bulkhead_take(bulkhead));
	ck_assert_int_eq(pthread_create(&thread, NULL, take_late, NULL), 0);
	int64_t entered = clock_steady();
	ck_assert(enter(1, 2));
	pthread_join(thread, &late); /* while the turn hangs: else the test takes too long */
	ck_assert_ptr_eq(late, &waiters[1]);
	ck_assert_int_ge(clock_steady() - entered, 99);
	bulkhead_leave(bulkhead, &waiters[0]);
}
END_TEST

START_TEST(where_all_places_are_taken_a_crowd_makes_room)
{
	start(&(struct bulkhead_limits){ .turns = 1, .places = 4, .wait_ms = 1000, .usual_ms = 1 });
	for (int i = 0; i < 4; i++)
		ck_assert(enter(i, 1));
	ck_assert(!enter(4, 1));
	ck_assert_ptr_null(displaced);
	ck_assert(enter(4, 2));
	ck_assert_ptr_eq(displaced, &waiters[3]);
	ck_assert_int_ge(bulkhead_seconds(bulkhead, displaced), 1);
}
END_TEST

START_TEST(bulky_calls_find_few_places_and_others_find_theirs)
{
	int bulky = 0;

	start(&(struct bulkhead_limits){
		.turns = 1, .places = CROWD, .wait_ms = 1000, .usual_ms = 1 });
	while (bulkhead_enter(bulkhead, &waiters[bulky], true, &displaced, &seconds))
		bulky++;
	ck_assert_int_eq(bulky, 8);
	ck_assert(enter(bulky, 1));
	ck_assert_ptr_nonnull(bulkhead_take(bulkhead));
	ck_assert(bulkhead_enter(bulkhead, &waiters[bulky + 1], true, &displaced, &seconds));
}
END_TEST

START_TEST(who_comes_is_served_by_a_thread_that_waits_for_them)
{
	pthread_t thread;
	void *taken;

	start(&(struct bulkhead_limits){ .turns = 1, .places = 1, .wait_ms = 1000, .usual_ms = 1 });
	ck_assert_int_eq(pthread_create(&thread, NULL, (void *(*)(void *))bulkhead_take, bulkhead),
			 0);
	clock_sleep(20);
	ck_assert(enter(0, 1));
	pthread_join(thread, &taken);
	ck_assert_ptr_eq(taken, &waiters[0]);
	bulkhead_close(bulkhead);
	ck_assert_ptr_null(bulkhead_take(bulkhead));
	ck_assert_ptr_null(bulkhead_take_late(bulkhead));
	ck_assert(!enter(1, 1));
}
END_TEST

PROMISE("1 Limits", "Many people logging in hold up nobody else")
START_TEST(who_waited_for_their_own_is_served_though_who_had_the_turn_is_busy_still)
{
	pthread_t thread;
	void *taken;

	start(&(struct bulkhead_limits){
		.turns = 2, .each = 1, .places = 2, .wait_ms = 1000, .usual_ms = 1 });
	ck_assert(enter(0, 1));
	ck_assert_ptr_eq(bulkhead_take(bulkhead), &waiters[0]);
	ck_assert_int_eq(pthread_create(&thread, NULL, (void *(*)(void *))bulkhead_take, bulkhead),
			 0);
	ck_assert(enter(1, 1));
	clock_sleep(20);
	bulkhead_leave(bulkhead, &waiters[0]);
	pthread_join(thread, &taken);
	ck_assert_ptr_eq(taken, &waiters[1]);
}
END_TEST

Suite *suite_bulkhead(void)
{
	Suite *suite = suite_create("bulkhead");
	TCase *waits = tcase_create("waits");

	tcase_add_checked_fixture(waits, clock_stop, teardown);
	tcase_add_test(waits, who_would_wait_longer_than_promised_is_told_when_to_come_back);
	tcase_add_test(waits, those_who_come_before_anybody_took_a_turn_count_each_other);
	tcase_add_test(waits, before_it_is_measured_the_usual_counts);
	tcase_add_test(waits, it_is_measured_how_long_turns_take);
	tcase_add_test(waits, turns_that_hang_count_as_long_as_they_have_run);
	tcase_add_test(waits, who_has_a_free_turn_waits_for_nobody_who_hangs);
	tcase_add_test(waits, what_hung_once_is_forgotten_when_nobody_waits_any_more);
	tcase_add_test(waits, who_has_waited_too_long_is_found_however_long_turns_hang);
	tcase_add_test(waits, where_all_places_are_taken_a_crowd_makes_room);
	tcase_add_test(waits, bulky_calls_find_few_places_and_others_find_theirs);
	tcase_add_test(waits, who_comes_is_served_by_a_thread_that_waits_for_them);
	tcase_add_test(waits,
		       who_waited_for_their_own_is_served_though_who_had_the_turn_is_busy_still);
	suite_add_tcase(suite, waits);
	return suite;
}
