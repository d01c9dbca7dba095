/* How a server starts and ends. */
#include "base/still_clock.h"

#include "base/clock.h"
#include "fcgi_fixture.h"
#include "suites.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The clock stands still, so that no time runs out: what happens is done for another reason. */
static void setup(void)
{
	clock_stop();
	server_setup();
}

static void teardown(void)
{
	server_teardown();
	clock_go();
}

START_TEST(an_idle_server_stops_at_once)
{
	server_start(4, 8);
	await(&shared->ready, 1);
	kill(server_pid, SIGTERM);
	ck_assert_int_eq(server_end(), 0);
	ck_assert_int_eq(shared->started, 5);
	ck_assert_int_eq(shared->stopped, 5);
}
END_TEST

START_TEST(a_stop_finishes_what_runs_and_serves_who_is_connected)
{
	struct buffer text = { 0 };

	server_start(2, 8);
	int running = connected(), kept = connected();
	assert_serves(kept);
	send_call(running, &hold);
	await(&shared->held, 1);
	server_signal(SIGTERM);
	for (int i = 0; i < 10; i++)
		assert_serves(kept);
	close(kept);
	shared->let_go = true;
	ck_assert(client_read(running, &text));
	ck_assert_ptr_nonnull(strstr(text.bytes, "Status: 200"));
	assert_serves(running);
	close(running);
	ck_assert_int_eq(server_end(), 0);
	buffer_free(&text);
}
END_TEST

START_TEST(a_stop_leaves_newcomers_to_who_shares_the_socket)
{
	server_start(2, 8);
	int kept = connected();
	assert_serves(kept);
	server_signal(SIGTERM);
	send_call(connected(), &get);
	close(kept);
	ck_assert_int_eq(server_end(), 0);
	ck_assert_int_eq(shared->handled, 1);

	struct pollfd poller = { .fd = listener, .events = POLLIN };
	ck_assert_int_eq(poll(&poller, 1, 0), 1);
	ck_assert_int_ge(accept(listener, NULL, NULL), 0);
}
END_TEST

static void send_half(int fd)
{
	struct buffer out = { 0 };

	client_begin(&out, &(struct call){ .method = "POST", .uri = "/", .announced = "10" });
	client_send(fd, &out);
}

START_TEST(a_stop_waits_for_no_silent_client)
{
	clock_go();
	server_start(2, 8);
	int idle = connected(), half = connected();
	assert_serves(idle);
	send_half(half);
	int64_t since = clock_steady();
	kill(server_pid, SIGTERM);
	ck_assert_int_eq(server_end(), 0);
	/* those who never end a request lose the connection anyway, some time later */
	ck_assert_int_lt(clock_steady() - since, 10 * CLOCK_SECOND);
	ck_assert_int_eq(shared->handled, 1);
	ck_assert(client_sees_end(idle));
	ck_assert(client_sees_end(half));
}
END_TEST

START_TEST(a_second_signal_waits_for_running_requests_alone)
{
	struct buffer text = { 0 };

	server_start(3, 8);
	int idle = connected(), half = connected(), running = connected();
	assert_serves(idle);
	send_half(half);
	send_call(running, &hold);
	await(&shared->held, 1);
	server_signal(SIGTERM);
	kill(server_pid, SIGINT);
	ck_assert(client_sees_end(idle));
	ck_assert(client_sees_end(half));
	shared->let_go = true;
	ck_assert(client_read(running, &text));
	ck_assert_int_eq(server_end(), 0);
	buffer_free(&text);
}
END_TEST

START_TEST(a_thread_that_cannot_start_ends_the_server)
{
	shared->refuse_start = 3;
	server_start(4, 8);
	ck_assert_int_eq(server_end(), 1);
	ck_assert_int_eq(shared->started, 5);
	ck_assert_int_eq(shared->stopped, 4);
	ck_assert_int_eq(shared->ready, 0);
}
END_TEST

START_TEST(what_does_not_listen_is_refused)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(listener);
	listener = pair[0];
	server_start(2, 8);
	ck_assert_int_eq(server_end(), 1);
	ck_assert_int_eq(shared->started, 0);
}
END_TEST

Suite *suite_fcgi_stop(void)
{
	Suite *suite = suite_create("fcgi_stop");
	TCase *starting = tcase_create("starting");
	TCase *stopping = tcase_create("stopping");

	tcase_add_checked_fixture(starting, server_setup, server_teardown);
	tcase_set_timeout(starting, 15);
	tcase_add_test(starting, a_thread_that_cannot_start_ends_the_server);
	tcase_add_test(starting, what_does_not_listen_is_refused);
	suite_add_tcase(suite, starting);

	tcase_add_checked_fixture(stopping, setup, teardown);
	tcase_set_timeout(stopping, 15);
	tcase_add_test(stopping, an_idle_server_stops_at_once);
	tcase_add_test(stopping, a_stop_finishes_what_runs_and_serves_who_is_connected);
	tcase_add_test(stopping, a_stop_leaves_newcomers_to_who_shares_the_socket);
	tcase_add_test(stopping, a_stop_waits_for_no_silent_client);
	tcase_add_test(stopping, a_second_signal_waits_for_running_requests_alone);
	suite_add_tcase(suite, stopping);
	return suite;
}
