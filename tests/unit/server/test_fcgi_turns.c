/* Calls that wait for a turn. */
#include "base/still_clock.h"

#include "base/clock.h"
#include "fcgi_fixture.h"
#include "suites.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct call turn = { .method = "POST", .uri = "/turn" };
static const struct call turn_hold = { .method = "POST", .uri = "/turn/hold" };

static struct bulkhead_limits one_at_a_time[TURN_COUNT];

static void setup(void)
{
	one_at_a_time[TURN_PROVIDER] = (struct bulkhead_limits){
		.turns = 1, .places = 1024, .wait_ms = 8000, .usual_ms = 1
	};
	server_bulkheads = one_at_a_time;
	server_setup();
}

static void teardown(void)
{
	server_teardown();
	clock_go();
}

static void assert_answers(int fd, const char *status)
{
	struct buffer text = { 0 };

	ck_assert(client_read(fd, &text));
	ck_assert_msg(strncmp(text.bytes, status, strlen(status)) == 0, "%s", text.bytes);
	buffer_free(&text);
}

PROMISE("1 Limits", "Many people logging in hold up nobody else")
START_TEST(whoever_waits_for_a_turn_holds_up_nobody)
{
	int waiting[8];

	server_start(1, 64);
	int held = connected();
	send_call(held, &turn_hold);
	await(&shared->held, 1);
	for (int i = 0; i < 8; i++) {
		waiting[i] = connected();
		send_call(waiting[i], &turn);
	}
	for (int i = 0; i < 50; i++)
		assert_serves(connected());
	ck_assert_int_eq(shared->resumed, 1);
	shared->let_go = true;
	assert_answers(held, "Status: 200");
	for (int i = 0; i < 8; i++) {
		assert_answers(waiting[i], "Status: 200");
		assert_serves(waiting[i]);
	}
	ck_assert_int_eq(shared->most, 1);
}
END_TEST

START_TEST(whoever_waits_too_long_is_turned_away_though_the_turn_hangs)
{
	one_at_a_time[TURN_PROVIDER].wait_ms = 1000;
	server_start(1, 8);
	int held = connected(), late = connected();
	send_call(held, &turn_hold);
	await(&shared->held, 1);
	int64_t sent = clock_steady();
	send_call(late, &turn);
	assert_answers(late, "Status: 503");
	ck_assert_int_ge(clock_steady() - sent, 990);
	assert_serves(late);
	shared->let_go = true;
	assert_answers(held, "Status: 200");
}
END_TEST

START_TEST(who_left_while_waiting_gets_no_turn)
{
	server_start(1, 8);
	int held = connected(), leaver = connected();
	send_call(held, &turn_hold);
	await(&shared->held, 1);
	send_call(leaver, &turn);
	await(&shared->handled, 2);
	close(leaver);
	shared->let_go = true;
	assert_answers(held, "Status: 200");
	await(&shared->turned_away, 1);
	ck_assert_int_eq(shared->resumed, 1);
}
END_TEST

PROMISE("1 Limits", "Many people logging in hold up nobody else")
START_TEST(what_comes_while_a_call_waits_is_the_next_request)
{
	server_start(1, 8);
	int held = connected(), waiting = connected(), babbler = connected();
	struct buffer nonsense = { 0 };
	send_call(held, &turn_hold);
	await(&shared->held, 1);
	send_call(waiting, &turn);
	send_call(babbler, &turn);
	await(&shared->handled, 3);
	send_call(waiting, &get);
	buffer_put(&nonsense, "what is this", 12);
	client_send(babbler, &nonsense);
	clock_sleep(50);
	ck_assert_int_eq(shared->resumed, 1);
	shared->let_go = true;
	assert_answers(held, "Status: 200");
	assert_answers(waiting, "Status: 200");
	assert_answers(waiting, "Status: 200");
	assert_answers(babbler, "Status: 200");
	ck_assert(client_sees_end(babbler));
	assert_serves(waiting);
	buffer_free(&nonsense);
}
END_TEST

START_TEST(a_stop_serves_those_who_wait)
{
	clock_stop();
	server_start(1, 8);
	int held = connected(), waiting = connected();
	send_call(held, &turn_hold);
	await(&shared->held, 1);
	send_call(waiting, &turn);
	await(&shared->handled, 2);
	/* twice: nothing more is read, which looks as if all had left */
	server_signal(SIGTERM);
	server_signal(SIGTERM);
	shared->let_go = true;
	assert_answers(held, "Status: 200");
	assert_answers(waiting, "Status: 200");
	ck_assert_int_eq(server_end(), 0);
	ck_assert_int_eq(shared->stopped, shared->started);
}
END_TEST

START_TEST(a_storm_of_both_kinds_is_answered)
{
	enum { STORM = 200 };
	int fds[STORM];

	server_start(2, 1024);
	for (int i = 0; i < STORM; i++) {
		fds[i] = connected();
		send_call(fds[i], i % 2 ? &turn : &get);
	}
	for (int i = 0; i < STORM; i++) {
		assert_answers(fds[i], "Status: ");
		close(fds[i]);
	}
	ck_assert_int_eq(shared->resumed + shared->turned_away, STORM / 2);
	ck_assert_int_eq(shared->most, 1);
}
END_TEST

Suite *suite_fcgi_turns(void)
{
	Suite *suite = suite_create("fcgi_turns");
	TCase *turns = tcase_create("turns");

	tcase_add_checked_fixture(turns, setup, teardown);
	tcase_set_timeout(turns, 20);
	tcase_add_test(turns, whoever_waits_for_a_turn_holds_up_nobody);
	tcase_add_test(turns, whoever_waits_too_long_is_turned_away_though_the_turn_hangs);
	tcase_add_test(turns, who_left_while_waiting_gets_no_turn);
	tcase_add_test(turns, what_comes_while_a_call_waits_is_the_next_request);
	tcase_add_test(turns, a_stop_serves_those_who_wait);
	tcase_add_test(turns, a_storm_of_both_kinds_is_answered);
	suite_add_tcase(suite, turns);
	return suite;
}
