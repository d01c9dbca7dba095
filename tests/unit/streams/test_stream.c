/* Streams over real connections, in a loop of the test's own: one thread, which turns it and reads. */
#include "streams/frame.h"
#include "streams/stream.h"
#include "suites.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READERS 3

static struct event_base *base;
static struct evhttp *http;
static struct hub *hub;
static struct sockaddr_in address;
static struct caller caller; /* of the next stream */
static bool holding;
static struct stream *opened;
static int readers[READERS];
static char heard[READERS][16384];

static void on_request(struct evhttp_request *request, void *context)
{
	struct buffer begin = { 0 };

	(void)context;
	buffer_text(&begin, ": begins\n\n");
	opened = stream_open(hub, request, &caller, &begin, holding);
	buffer_free(&begin);
}

static void turn(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* What a reader has been sent and had not read before. */
static const char *hear(int reader)
{
	ssize_t got = 0;
	size_t length = 0;

	turn();
	while ((got = recv(readers[reader], heard[reader] + length,
			   sizeof heard[reader] - 1 - length, MSG_DONTWAIT)) > 0)
		length += (size_t)got;
	heard[reader][length] = '\0';
	return heard[reader];
}

/* The reader's stream has begun, and it has read the beginning. */
static void open_one(int reader, uint8_t user)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	size_t before = hub_count(hub);

	caller.id = (struct id){ { user } };
	readers[reader] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(
		connect(readers[reader], (const struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(send(readers[reader], request, strlen(request), 0),
			 (ssize_t)strlen(request));
	for (int i = 0; i < 1000 && hub_count(hub) == before; i++)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(hub_count(hub), before + 1);
	ck_assert_ptr_nonnull(strstr(hear(reader), ": begins\n\n"));
}

static void setup(void)
{
	socklen_t length = sizeof address;

	address = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	base = event_base_new();
	http = evhttp_new(base);
	evhttp_set_gencb(http, on_request, NULL);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &length);
	hub = hub_new();
	holding = false;
	caller = (struct caller){ .issued_at = 100, .expires_at = 200 };
	for (int i = 0; i < READERS; i++)
		readers[i] = -1;
}

static void teardown(void)
{
	hub_end_all(hub);
	turn();
	for (int i = 0; i < READERS; i++)
		if (readers[i] >= 0)
			close(readers[i]);
	turn();
	evhttp_free(http);
	hub_free(hub);
	event_base_free(base);
}

START_TEST(a_user_is_told_on_each_stream_and_nobody_else_is)
{
	const struct id user = { { 1 } };

	open_one(0, 1);
	open_one(1, 1);
	open_one(2, 2);
	ck_assert_uint_eq(hub_count_of(hub, &user), 2);
	hub_tell(hub, &user, "hello", 5);
	ck_assert_ptr_nonnull(strstr(hear(0), "hello"));
	ck_assert_ptr_nonnull(strstr(hear(1), "hello"));
	ck_assert_str_eq(hear(2), "");
	hub_tell_all(hub, "reset", 5);
	for (int i = 0; i < READERS; i++)
		ck_assert_ptr_nonnull(strstr(hear(i), "reset"));
}
END_TEST

START_TEST(a_stream_gets_its_comment_every_fifteen_seconds_of_its_own)
{
	open_one(0, 1);
	hub_tick(hub);
	open_one(1, 1);
	for (int second = 2; second <= 2 * STREAM_BEAT_S + 1; second++) {
		hub_tick(hub);
		ck_assert_int_eq(strstr(hear(0), FRAME_BEAT) != NULL, second % STREAM_BEAT_S == 0);
		ck_assert_int_eq(strstr(hear(1), FRAME_BEAT) != NULL,
				 (second - 1) % STREAM_BEAT_S == 0);
	}
}
END_TEST

START_TEST(what_is_held_follows_what_was_missed)
{
	const struct id user = { { 1 } };

	holding = true;
	open_one(0, 1);
	hub_tell(hub, &user, "later", 5);
	ck_assert_str_eq(hear(0), "");
	stream_go_on(opened, "missed", 6, false);
	const char *all = hear(0), *missed = strstr(all, "missed"), *later = strstr(all, "later");
	ck_assert(missed && later && missed < later);
	hub_tell(hub, &user, "now", 3);
	ck_assert_ptr_nonnull(strstr(hear(0), "now"));
}
END_TEST

START_TEST(a_reader_who_leaves_while_it_is_held_costs_nothing)
{
	const struct id user = { { 1 } };

	holding = true;
	open_one(0, 1);
	close(readers[0]);
	readers[0] = -1;
	for (int i = 0; i < 1000 && hub_count(hub); i++)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(hub_count(hub), 0);
	hub_tell(hub, &user, "nobody", 6);
	stream_go_on(opened, "missed", 6, false);
}
END_TEST

/* The last chunk of an answer. */
#define END_OF_ANSWER "0\r\n\r\n"

static bool is_second(void *context, const struct id *user, int64_t issued_at, int64_t expires_at)
{
	(void)context;
	ck_assert(issued_at == 100 && expires_at == 200);
	return user->bytes[0] == 2;
}

START_TEST(those_who_have_lost_access_are_ended_in_good_order)
{
	for (int i = 0; i < READERS; i++)
		open_one(i, (uint8_t)(i + 1));
	struct id *users = hub_users(hub);
	ck_assert_int_eq(users[0].bytes[0] + users[1].bytes[0] + users[2].bytes[0], 6);
	free(users);
	hub_end_where(hub, is_second, NULL);
	ck_assert_uint_eq(hub_count(hub), 2);
	ck_assert_str_eq(hear(1), END_OF_ANSWER);
	ck_assert_str_eq(hear(0), "");
	hub_end_all(hub);
	ck_assert_uint_eq(hub_count(hub), 0);
	ck_assert_str_eq(hear(0), END_OF_ANSWER);
}
END_TEST

/* Held, so that it stays with us: how much a connection takes is the system's. */
START_TEST(who_is_behind_for_some_seconds_is_dropped_and_who_is_far_behind_at_once)
{
	static char much[STREAM_PENDING_CUT + 1];
	const struct id slow = { { 1 } }, slower = { { 2 } }, user = { { 3 } };

	holding = true;
	open_one(0, 1);
	struct stream *first = opened;
	open_one(1, 2);
	struct stream *second = opened;
	open_one(2, 3);
	hub_tell(hub, &slower, much, sizeof much);
	ck_assert_uint_eq(hub_count_of(hub, &slower), 0);
	hub_tell(hub, &slow, much, STREAM_PENDING_MAX + 1);
	hub_tell(hub, &user, much, STREAM_PENDING_MAX);
	for (int second_of = 0; second_of < STREAM_BEHIND_S; second_of++)
		hub_tick(hub);
	ck_assert_uint_eq(hub_count_of(hub, &slow), 1);
	hub_tick(hub);
	ck_assert_uint_eq(hub_count_of(hub, &slow), 0);
	ck_assert_uint_eq(hub_count_of(hub, &user), 1);
	stream_go_on(first, NULL, 0, false);
	stream_go_on(second, NULL, 0, false);
	stream_go_on(opened, NULL, 0, true);
	ck_assert_uint_eq(hub_count(hub), 0);
}
END_TEST

Suite *suite_stream(void)
{
	Suite *suite = suite_create("stream");
	TCase *streams = tcase_create("streams");

	tcase_add_checked_fixture(streams, setup, teardown);
	tcase_add_test(streams, a_user_is_told_on_each_stream_and_nobody_else_is);
	tcase_add_test(streams, a_stream_gets_its_comment_every_fifteen_seconds_of_its_own);
	tcase_add_test(streams, what_is_held_follows_what_was_missed);
	tcase_add_test(streams, a_reader_who_leaves_while_it_is_held_costs_nothing);
	tcase_add_test(streams, those_who_have_lost_access_are_ended_in_good_order);
	tcase_add_test(streams,
		       who_is_behind_for_some_seconds_is_dropped_and_who_is_far_behind_at_once);
	suite_add_tcase(suite, streams);
	return suite;
}
