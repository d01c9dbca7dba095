#include "streams/mailbox.h"
#include "suites.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define THREADS 8
#define EACH 2000

struct numbered {
	struct message message; /* first */
	int sender, number;
};

static struct mailbox *mailbox;
static int handled, discarded, last[THREADS];

static void setup(void)
{
	mailbox = mailbox_new();
	ck_assert_ptr_nonnull(mailbox);
	handled = discarded = 0;
	for (int i = 0; i < THREADS; i++)
		last[i] = -1;
}

static void teardown(void)
{
	mailbox_free(mailbox);
}

static void handle_it(struct message *message, bool over)
{
	struct numbered *numbered = (struct numbered *)message;

	if (over) {
		discarded++;
		free(numbered);
		return;
	}
	ck_assert_int_eq(numbered->number, last[numbered->sender] + 1);
	last[numbered->sender] = numbered->number;
	handled++;
	free(numbered);
}

static void post(int sender, int number)
{
	struct numbered *numbered = malloc(sizeof(*numbered));

	ck_assert_ptr_nonnull(numbered);
	*numbered = (struct numbered){ { .handle = handle_it }, sender, number };
	mailbox_post(mailbox, &numbered->message);
}

static bool is_readable(int timeout_ms)
{
	struct pollfd polled = { .fd = mailbox_fd(mailbox), .events = POLLIN };

	return poll(&polled, 1, timeout_ms) == 1;
}

START_TEST(it_is_readable_while_there_is_something_to_handle)
{
	ck_assert(!is_readable(0));
	mailbox_handle_all(mailbox);
	post(0, 0);
	post(0, 1);
	ck_assert(is_readable(0));
	mailbox_handle_all(mailbox);
	ck_assert(!is_readable(0));
	ck_assert_int_eq(handled, 2);
}
END_TEST

static void *post_many(void *sender)
{
	for (int i = 0; i < EACH; i++)
		post(*(int *)sender, i);
	return NULL;
}

START_TEST(of_many_threads_nothing_is_lost_and_each_ones_order_is_kept)
{
	pthread_t threads[THREADS];
	int senders[THREADS];

	for (int i = 0; i < THREADS; i++) {
		senders[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &senders[i]), 0);
	}
	while (handled < THREADS * EACH) {
		ck_assert_msg(is_readable(5000), "%d messages, then none", handled);
		mailbox_handle_all(mailbox);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

START_TEST(what_was_not_handled_is_discarded)
{
	post(0, 0);
	post(0, 1);
	mailbox_free(mailbox);
	mailbox = NULL;
	ck_assert_int_eq(handled, 0);
	ck_assert_int_eq(discarded, 2);
}
END_TEST

Suite *suite_mailbox(void)
{
	Suite *suite = suite_create("mailbox");
	TCase *mailbox_case = tcase_create("mailbox");

	tcase_add_checked_fixture(mailbox_case, setup, teardown);
	tcase_add_test(mailbox_case, it_is_readable_while_there_is_something_to_handle);
	tcase_add_test(mailbox_case, of_many_threads_nothing_is_lost_and_each_ones_order_is_kept);
	tcase_add_test(mailbox_case, what_was_not_handled_is_discarded);
	suite_add_tcase(suite, mailbox_case);
	return suite;
}
