#include "server/queue.h"
#include "suites.h"

#include <pthread.h>

struct numbered {
	struct queued queued; /* first */
	int number;
};

static struct queue queue;
static struct numbered some[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };

static int number_of(struct queued *queued)
{
	return queued ? ((struct numbered *)queued)->number : 0;
}

static void teardown(void)
{
	queue_destroy(&queue);
}

START_TEST(who_comes_first_goes_first)
{
	queue_init(&queue);
	queue_push(&queue, &some[0].queued);
	queue_push(&queue, &some[1].queued);
	ck_assert_int_eq(number_of(queue_pop(&queue)), 1);
	queue_push(&queue, &some[2].queued);
	ck_assert_int_eq(number_of(queue_pop(&queue)), 2);
	ck_assert_int_eq(number_of(queue_pop(&queue)), 3);
}
END_TEST

START_TEST(all_at_once_leaves_none)
{
	queue_init(&queue);
	ck_assert_ptr_null(queue_take_all(&queue));
	queue_push(&queue, &some[0].queued);
	queue_push(&queue, &some[1].queued);
	struct queued *first = queue_take_all(&queue);
	ck_assert_int_eq(number_of(first), 1);
	ck_assert_int_eq(number_of(STAILQ_NEXT(first, next)), 2);
	ck_assert_ptr_null(STAILQ_NEXT(STAILQ_NEXT(first, next), next));
	queue_push(&queue, &some[2].queued);
	ck_assert_int_eq(number_of(queue_pop(&queue)), 3);
}
END_TEST

static void *pop_in_thread(void *context)
{
	(void)context;
	return queue_pop(&queue);
}

START_TEST(closing_ends_all_waiting_but_loses_nothing)
{
	pthread_t threads[2];
	void *popped;

	queue_init(&queue);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, pop_in_thread, NULL), 0);
	ck_assert(!queue_is_closed(&queue));
	queue_close(&queue);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &popped);
		ck_assert_ptr_null(popped);
	}
	ck_assert(queue_is_closed(&queue));
	queue_push(&queue, &some[0].queued);
	ck_assert_int_eq(number_of(queue_pop(&queue)), 1);
	ck_assert_ptr_null(queue_pop(&queue));
}
END_TEST

Suite *suite_queue(void)
{
	Suite *suite = suite_create("queue");
	TCase *waiting = tcase_create("waiting");

	tcase_add_checked_fixture(waiting, NULL, teardown);
	tcase_add_test(waiting, who_comes_first_goes_first);
	tcase_add_test(waiting, all_at_once_leaves_none);
	tcase_add_test(waiting, closing_ends_all_waiting_but_loses_nothing);
	suite_add_tcase(suite, waiting);
	return suite;
}
