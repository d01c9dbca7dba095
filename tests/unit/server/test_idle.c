/* Who serves what comes, and what waits meanwhile. */
#include "base/count.h"
#include "server/idle.h"
#include "suites.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

struct numbered {
	struct queued queued; /* first */
	int number;
};

static struct idle idle;
static struct numbered some[4] = {
	{ .number = 1 }, { .number = 2 }, { .number = 3 }, { .number = 4 }
};

static int number_of(struct queued *queued)
{
	return queued ? ((struct numbered *)queued)->number : 0;
}

static void begin(size_t threads, size_t limit)
{
	idle_init(&idle, limit);
	for (size_t i = 0; i < threads; i++)
		ck_assert_ptr_null(idle_begin(&idle));
}

static void teardown(void)
{
	idle_destroy(&idle);
}

START_TEST(all_serve_but_the_last_who_queues)
{
	begin(3, 2);
	ck_assert_int_eq(idle_offer(&idle, &some[0].queued), IDLE_SERVE);
	ck_assert_int_eq(idle_offer(&idle, &some[1].queued), IDLE_SERVE);
	ck_assert_int_eq(idle_offer(&idle, &some[2].queued), IDLE_QUEUED);
	/* one is done, and served what had waited; the next finds nothing, and serves again */
	ck_assert_int_eq(number_of(idle_begin(&idle)), 3);
	ck_assert_ptr_null(idle_begin(&idle));
	ck_assert_int_eq(idle_offer(&idle, &some[3].queued), IDLE_SERVE);
}
END_TEST

START_TEST(who_came_first_is_served_first)
{
	begin(1, 8);
	for (size_t i = 0; i < COUNT_OF(some); i++)
		ck_assert_int_eq(idle_offer(&idle, &some[i].queued), IDLE_QUEUED);
	for (size_t i = 0; i < COUNT_OF(some); i++)
		ck_assert_int_eq(number_of(idle_begin(&idle)), some[i].number);
	ck_assert_ptr_null(idle_begin(&idle));
}
END_TEST

START_TEST(a_full_queue_takes_no_more_until_one_is_taken_out)
{
	begin(1, 2);
	ck_assert_int_eq(idle_offer(&idle, &some[0].queued), IDLE_QUEUED);
	ck_assert_int_eq(idle_offer(&idle, &some[1].queued), IDLE_QUEUED);
	ck_assert_int_eq(idle_offer(&idle, &some[2].queued), IDLE_FULL);
	ck_assert_int_eq(number_of(idle_begin(&idle)), 1);
	ck_assert_int_eq(idle_offer(&idle, &some[3].queued), IDLE_QUEUED);
	ck_assert_int_eq(number_of(idle_begin(&idle)), 2);
	ck_assert_int_eq(number_of(idle_begin(&idle)), 4);
}
END_TEST

/* ---- at the same moment ---- */

enum { RACES = 200000 };

static atomic_int arrived; /* of both threads, at all races so far */

/* Spends a few moments more or less than in other races, so that each order comes about. */
static void meet(int race, int spread)
{
	int both = 2 * (race + 1);

	atomic_fetch_add(&arrived, 1);
	while (arrived < both)
		sched_yield();
	for (volatile int i = race % spread; i > 0; i--)
		continue;
}

static void *be_done_in_thread(void *context)
{
	int *found = context;

	for (int race = 0; race < RACES; race++) {
		meet(2 * race, 499);
		*found = number_of(idle_begin(&idle));
		meet(2 * race + 1, 1);
	}
	return NULL;
}

/* One thread is done while the other, the last that is idle, gets something: exactly one of them serves it. */
START_TEST(who_is_done_just_now_misses_nothing)
{
	int found;
	pthread_t thread;

	begin(1, 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, be_done_in_thread, &found), 0);
	for (int race = 0; race < RACES; race++) {
		meet(2 * race, 509);
		enum idle_verdict verdict = idle_offer(&idle, &some[0].queued);
		meet(2 * race + 1, 1);
		ck_assert_msg(verdict == (found ? IDLE_QUEUED : IDLE_SERVE), "race %d", race);
		ck_assert_uint_eq(idle.threads, 1);
	}
	pthread_join(thread, NULL);
}
END_TEST

/* ---- many threads ---- */

enum { THREADS = 6, BURST = 16, ROUNDS = 3000 };

static int comers[2]; /* a pipe, in place of connections */
static sem_t served;
static atomic_int busy, busiest;

static struct queued *next_comer(void)
{
	struct queued *queued = idle_begin(&idle);

	while (!queued) {
		if (read(comers[0], &queued, sizeof(queued)) != sizeof(queued))
			return NULL;
		if (idle_offer(&idle, queued) != IDLE_SERVE)
			queued = NULL;
	}
	return queued;
}

static void *serve_in_thread(void *context)
{
	while (next_comer()) {
		int now = atomic_fetch_add(&busy, 1) + 1;

		if (now > busiest)
			busiest = now;
		atomic_fetch_sub(&busy, 1);
		sem_post(&served);
	}
	return context;
}

static void assert_served(int round)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	ck_assert_msg(sem_timedwait(&served, &until) == 0, "left lying in round %d", round);
}

/* After each burst all must be served although nobody comes any more. */
START_TEST(nobody_is_left_lying)
{
	static struct numbered burst[BURST];
	pthread_t threads[THREADS];

	idle_init(&idle, BURST);
	sem_init(&served, 0, 0);
	ck_assert_int_eq(pipe(comers), 0);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, serve_in_thread, NULL), 0);
	for (int round = 0; round < ROUNDS; round++) {
		int count = 1 + round % BURST;

		for (int i = 0; i < count; i++) {
			struct queued *comer = &burst[i].queued;
			ck_assert_int_eq(write(comers[1], &comer, sizeof(comer)), sizeof(comer));
		}
		for (int i = 0; i < count; i++)
			assert_served(round);
	}
	close(comers[1]);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	close(comers[0]);
	sem_destroy(&served);
	ck_assert_int_lt(busiest, THREADS);
}
END_TEST

Suite *suite_idle(void)
{
	Suite *suite = suite_create("idle");
	TCase *serving = tcase_create("serving");

	tcase_add_checked_fixture(serving, NULL, teardown);
	tcase_set_timeout(serving, 60);
	tcase_add_test(serving, all_serve_but_the_last_who_queues);
	tcase_add_test(serving, who_came_first_is_served_first);
	tcase_add_test(serving, a_full_queue_takes_no_more_until_one_is_taken_out);
	tcase_add_test(serving, who_is_done_just_now_misses_nothing);
	tcase_add_test(serving, nobody_is_left_lying);
	suite_add_tcase(suite, serving);
	return suite;
}
