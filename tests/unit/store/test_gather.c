#include "store/gather.h"
#include "suites.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What a thread wants: its number doubled. `asked` is the moment at which it asked, by a clock of ours that counts. */
struct wish {
	struct gather *gather;
	int number, doubled;
	long asked;
};

/* What a slow machine needs to gather, and what one that hangs is waited for. */
enum { LONG_MS = 60000, SHORT_MS = 50 };

static atomic_long clock_of_ours;
static atomic_int away, most_away, groups;
static atomic_bool stale;
static sem_t left, go_on; /* of a group that is held up */
static atomic_bool hold;
static size_t sizes[64];

static void double_all(void *context, void *const *members, size_t count)
{
	long began = atomic_fetch_add(&clock_of_ours, 1);
	int now = atomic_fetch_add(&away, 1) + 1, group = atomic_fetch_add(&groups, 1);

	ck_assert_ptr_nonnull(context);
	if (now > most_away)
		most_away = now;
	if (group < 64)
		sizes[group] = count;
	if (atomic_exchange(&hold, false)) {
		sem_post(&left);
		sem_wait(&go_on);
	}
	for (size_t i = 0; i < count; i++) {
		struct wish *wish = members[i];

		if (wish->asked > began)
			stale = true;
		wish->doubled += 2 * wish->number;
	}
	atomic_fetch_sub(&away, 1);
}

static void *wish_run(void *argument)
{
	struct wish *wish = argument;

	wish->asked = atomic_fetch_add(&clock_of_ours, 1);
	gather_join(wish->gather, wish, &away);
	return NULL;
}

static void setup(void)
{
	away = most_away = groups = 0;
	stale = hold = false;
	sem_init(&left, 0, 0);
	sem_init(&go_on, 0, 0);
}

/* One is held up while the others come; then all are let go. */
static void come_while_one_is_away(struct gather *gather, struct wish *wishes, size_t count)
{
	pthread_t threads[64];

	hold = true;
	for (size_t i = 0; i < count; i++) {
		wishes[i] = (struct wish){ .gather = gather, .number = (int)i + 1 };
		pthread_create(&threads[i], NULL, wish_run, &wishes[i]);
		if (i == 0)
			sem_wait(&left);
		while (i > 0 && gather_waiting(gather) < i)
			sched_yield();
	}
	sem_post(&go_on);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(wishes[i].doubled, 2 * wishes[i].number);
}

START_TEST(who_finds_nobody_away_goes_at_once)
{
	struct gather *gather = gather_new(1, 8, LONG_MS, double_all);

	for (int i = 0; i < 3; i++) {
		struct wish wish = { .gather = gather, .number = i };

		wish_run(&wish);
		ck_assert_int_eq(wish.doubled, 2 * i);
		ck_assert_uint_eq(sizes[i], 1);
	}
	gather_free(gather);
}
END_TEST

START_TEST(those_who_come_meanwhile_go_together)
{
	struct gather *gather = gather_new(1, 8, LONG_MS, double_all);
	struct wish wishes[6];

	come_while_one_is_away(gather, wishes, 6);
	ck_assert_int_eq(groups, 2);
	ck_assert_uint_eq(sizes[1], 5);
	gather_free(gather);
}
END_TEST

START_TEST(a_full_group_takes_no_more)
{
	struct gather *gather = gather_new(1, 4, LONG_MS, double_all);
	struct wish wishes[10];

	come_while_one_is_away(gather, wishes, 10);
	ck_assert_int_eq(groups, 4);
	ck_assert_uint_eq(sizes[1], 4);
	ck_assert_uint_eq(sizes[2], 4);
	ck_assert_uint_eq(sizes[3], 1);
	gather_free(gather);
}
END_TEST

START_TEST(one_that_hangs_holds_nobody_up)
{
	struct gather *gather = gather_new(1, 8, SHORT_MS, double_all);
	struct wish hanging = { .gather = gather, .number = 1 },
		    next = { .gather = gather, .number = 2 };
	pthread_t thread;

	hold = true;
	pthread_create(&thread, NULL, wish_run, &hanging);
	sem_wait(&left);
	wish_run(&next);
	ck_assert_int_eq(next.doubled, 4);
	ck_assert_int_eq(hanging.doubled, 0);
	sem_post(&go_on);
	pthread_join(thread, NULL);
	/* and then as before: whoever finds nobody away goes at once */
	wish_run(&next);
	ck_assert_int_eq(groups, 3);
	ck_assert_uint_eq(gather_waiting(gather), 0);
	gather_free(gather);
}
END_TEST

static struct gather *raced;

static void *wish_often(void *argument)
{
	for (int i = 0; i < 2000; i++) {
		struct wish wish = { .gather = raced, .number = i };

		(void)argument;
		wish_run(&wish);
		ck_assert_int_eq(wish.doubled, 2 * i);
	}
	return NULL;
}

START_TEST(each_is_worked_for_once_by_a_group_that_left_after_it_came)
{
	enum { THREADS = 12, AWAY = 2 };
	pthread_t threads[THREADS];

	raced = gather_new(AWAY, 5, LONG_MS, double_all);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, wish_often, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert(!stale);
	ck_assert_int_le(most_away, AWAY);
	gather_free(raced);
}
END_TEST

Suite *suite_gather(void)
{
	Suite *suite = suite_create("gather");
	TCase *tc = tcase_create("groups");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, who_finds_nobody_away_goes_at_once);
	tcase_add_test(tc, those_who_come_meanwhile_go_together);
	tcase_add_test(tc, a_full_group_takes_no_more);
	tcase_add_test(tc, one_that_hangs_holds_nobody_up);
	tcase_add_test(tc, each_is_worked_for_once_by_a_group_that_left_after_it_came);
	suite_add_tcase(suite, tc);
	return suite;
}
