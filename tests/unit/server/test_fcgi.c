/* Requests, bodies and connections, on a real server. */
#include "base/clock.h"
#include "base/count.h"
#include "fcgi_fixture.h"
#include "suites.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- requests and answers --- */

START_TEST(an_answer_has_status_length_headers_and_body)
{
	server_start(2, 8);
	const char *text =
		client_call(connected(), &(struct call){ .method = "GET",
							 .uri = "/status/404?a=%20",
							 .extras = { "REQUEST_ID=r1" } });

	ck_assert_ptr_nonnull(text);
	char *body = strstr(text, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	char head[256];
	snprintf(head, sizeof(head),
		 "Status: 404 Not Found\r\nContent-Type: application/json; charset=utf-8\r\n"
		 "Content-Length: %zu\r\nX-Own: yes\r\n\r\n{\"method\":\"GET\"",
		 strlen(body + 4));
	ck_assert_msg(strncmp(text, head, strlen(head)) == 0, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "\"uri\":\"/status/404?a=%20\""));
}
END_TEST

START_TEST(head_204_and_304_have_no_body)
{
	server_start(2, 8);
	int fd = connected();
	const char *text = client_call(fd, &(struct call){ .method = "HEAD", .uri = "/" });

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "Content-Length: 1"));
	ck_assert_str_eq(strstr(text, "\r\n\r\n"), "\r\n\r\n");
	text = client_call(fd, &(struct call){ .method = "GET", .uri = "/status/304" });
	ck_assert_pstr_eq(text, "Status: 304 Not Modified\r\nX-Own: yes\r\n\r\n");
	text = client_call(fd, &(struct call){ .method = "PUT", .uri = "/status/204" });
	ck_assert_pstr_eq(text, "Status: 204 No Content\r\nX-Own: yes\r\n\r\n");
}
END_TEST

START_TEST(parameters_become_fields)
{
	server_start(2, 8);
	const char *text = client_call(
		connected(),
		&(struct call){ .method = "POST",
				.uri = "/",
				.body = "{}",
				.body_length = 2,
				.extras = { "CONTENT_TYPE=application/json", "REMOTE_ADDR=10.1.2.3",
					    "REQUEST_ID=abc", "HTTP_AUTHORIZATION=Bearer x=y",
					    "HTTP_AUTHORIZATION=Bearer second",
					    "HTTP_IF_MATCH=W/\"1\"", "HTTP_IF_NONE_MATCH=*",
					    "HTTP_IDEMPOTENCY_KEY=k" } });

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(
		text, "\"type\":\"application/json\",\"authorization\":\"Bearer x=y\","
		      "\"ifMatch\":\"W/\\\"1\\\"\",\"ifNoneMatch\":\"*\",\"key\":\"k\","
		      "\"address\":\"10.1.2.3\",\"id\":\"abc\",\"body\":\"{}\",\"length\":2,"));
}
END_TEST

START_TEST(empty_is_absent_but_for_an_idempotency_key)
{
	server_start(2, 8);
	int fd = connected();
	const char *text = client_call(
		fd, &(struct call){ .method = "POST",
				    .uri = "/",
				    .announced = "",
				    .extras = { "CONTENT_TYPE=", "HTTP_AUTHORIZATION=",
						"REMOTE_ADDR=", "HTTP_IDEMPOTENCY_KEY=" } });

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\"type\":null,\"authorization\":null,"));
	ck_assert_ptr_nonnull(strstr(text, "\"key\":\"\",\"address\":null,"));
	/* Nothing of one request is left for the next on the same thread. */
	text = client_call(fd, &get);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\"key\":null,"));
}
END_TEST

START_TEST(a_request_without_an_id_is_given_one)
{
	server_start(2, 8);
	const char *text = client_call(connected(), &get);

	ck_assert_ptr_nonnull(text);
	const char *id = strstr(text, "\"id\":\"");
	ck_assert_ptr_nonnull(id);
	ck_assert_uint_eq(strspn(id + 6, "0123456789abcdef"), 32);
}
END_TEST

START_TEST(without_method_or_uri_nothing_is_served)
{
	server_start(2, 8);
	ck_assert_ptr_null(client_call(connected(), &(struct call){ .uri = "/" }));
	ck_assert_ptr_null(client_call(connected(), &(struct call){ .method = "GET" }));
	ck_assert_int_eq(shared->handled, 0);
}
END_TEST

START_TEST(a_large_answer_arrives_whole)
{
	server_start(2, 8);
	int fd = connected();
	const char *text = client_call(fd, &(struct call){ .method = "GET", .uri = "/large" });

	ck_assert_ptr_nonnull(text);
	const char *body = strstr(text, "\r\n\r\n") + 4;
	ck_assert_uint_eq(strlen(body), 300000);
	for (int i = 0; i < 300000; i++)
		ck_assert(body[i] == 'a' + i % 26);
	assert_serves(fd);
}
END_TEST

/* --- bodies --- */

static const char *post(int fd, size_t length, const char *announced)
{
	char *body = calloc(1, length + 1);
	const char *text = client_call(fd, &(struct call){ .method = "POST",
							   .uri = "/",
							   .body = body,
							   .body_length = length,
							   .announced = announced });

	free(body);
	return text;
}

START_TEST(a_body_up_to_the_cap_is_taken)
{
	server_start(2, 8);
	int fd = connected();
	const char *text = post(fd, 100000, NULL);

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\"length\":100000,\"tooLarge\":false"));
	text = post(fd, REQUEST_BODY_MAX, NULL);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\"length\":1048576,\"tooLarge\":false"));
}
END_TEST

START_TEST(a_body_over_the_cap_is_read_off_and_told)
{
	server_start(2, 8);
	int fd = connected();
	const char *text = post(fd, REQUEST_BODY_MAX + 1, NULL);

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\"length\":0,\"tooLarge\":true"));
	assert_serves(fd);
}
END_TEST

START_TEST(a_body_of_another_length_than_announced_is_dropped)
{
	static const char *const announced[] = { "9",	"11",  "2000000", "",
						 "-10", "1e1", "10 ",	  "99999999999999999999" };

	server_start(2, 8);
	for (size_t i = 0; i < sizeof(announced) / sizeof(announced[0]); i++) {
		int fd = connected();
		ck_assert_msg(!post(fd, 10, announced[i]), "\"%s\" was served", announced[i]);
		close(fd);
	}
	ck_assert_int_eq(shared->handled, 0);
	ck_assert_ptr_nonnull(post(connected(), 10, "10"));
}
END_TEST

/* Sends the first bytes of a request and leaves. */
static void leave_after(const struct buffer *request, size_t length)
{
	struct buffer part = { 0 };
	int fd = connected();

	buffer_put(&part, request->bytes, length);
	client_send(fd, &part);
	close(fd);
}

START_TEST(a_client_that_leaves_anywhere_is_not_served)
{
	struct buffer request = { 0 };

	server_start(2, 1024);
	client_request(&request, &(struct call){ .method = "POST",
						 .uri = "/",
						 .body = "0123456789",
						 .body_length = 10,
						 .extras = { "HTTP_AUTHORIZATION=Bearer x" } });
	/* Cut at each byte, so also between two parameters. */
	for (size_t length = 1; length < request.length; length++)
		leave_after(&request, length);
	assert_serves(connected());
	ck_assert_int_eq(shared->handled, 1);
	buffer_free(&request);
}
END_TEST

START_TEST(a_client_that_does_not_wait_harms_nobody)
{
	server_start(1, 64);
	for (int i = 0; i < 20; i++) {
		int fd = connected();
		send_call(fd, &(struct call){ .method = "GET", .uri = "/large" });
		close(fd);
	}
	assert_serves(connected());
}
END_TEST

START_TEST(a_slow_body_is_waited_for)
{
	struct buffer out = { 0 }, text = { 0 };

	server_start(2, 8);
	int slow = connected(), other = connected();
	client_begin(&out, &(struct call){ .method = "POST", .uri = "/", .announced = "10" });
	client_send(slow, &out);
	for (int i = 0; i < 10; i++) {
		clock_sleep(20);
		client_body(&out, "abcdefghij" + i, 1);
		client_send(slow, &out);
		assert_serves(other);
	}
	client_end(&out);
	client_send(slow, &out);
	ck_assert(client_read(slow, &text));
	ck_assert_ptr_nonnull(strstr(text.bytes, "\"body\":\"abcdefghij\",\"length\":10"));
	buffer_free(&text);
}
END_TEST

/* --- connections --- */

START_TEST(a_connection_carries_many_requests)
{
	server_start(2, 8);
	int fd = connected();

	for (int i = 0; i < 100; i++)
		assert_serves(fd);
}
END_TEST

START_TEST(a_connection_ends_when_the_client_asks_so)
{
	server_start(2, 8);
	int fd = connected();
	const char *text =
		client_call(fd, &(struct call){ .method = "GET", .uri = "/", .once = true });

	ck_assert_ptr_nonnull(text);
	ck_assert(client_sees_end(fd));
}
END_TEST

START_TEST(idle_connections_pin_no_thread)
{
	int idle[50];

	server_start(1, 64);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 50; i++) {
			if (round == 0)
				idle[i] = connected();
			assert_serves(idle[i]);
		}
}
END_TEST

/* The server's process is made with some of few in use. */
START_TEST(who_finds_no_descriptor_left_waits)
{
	struct rlimit before, few = { .rlim_cur = 128, .rlim_max = 128 };
	struct buffer request = { 0 }, text = { 0 };
	int used[40], fds[100];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (size_t i = 0; i < COUNT_OF(used); i++)
		used[i] = dup(listener);
	server_start(2, 200);
	for (size_t i = 0; i < COUNT_OF(used); i++)
		close(used[i]);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = connected();
		client_request(&request, &(struct call){ .method = "GET", .uri = "/" });
		client_send(fds[i], &request);
	}
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		ck_assert_msg(client_read(fds[i], &text), "connection %zu", i);
		close(fds[i]);
	}
	buffer_free(&request);
	buffer_free(&text);
	(void)!setrlimit(RLIMIT_NOFILE, &before);
}
END_TEST

START_TEST(tcp_works_too)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	close(listener);
	server_listen(AF_INET, (const struct sockaddr *)&any, sizeof(any));
	server_start(2, 8);
	int fd = connected();
	for (int i = 0; i < 20; i++)
		assert_serves(fd);
}
END_TEST

START_TEST(a_full_queue_refuses_at_once)
{
	struct buffer text = { 0 };

	server_start(1, 1);
	int running = connected(), waiting = connected(), refused = connected();
	send_call(running, &hold);
	await(&shared->held, 1);
	send_call(waiting, &get);
	/* who sent first is queued first; and the answer comes while nothing else is done */
	const char *answer =
		client_call(refused, &(struct call){ .method = "POST",
						     .uri = "/",
						     .body = "x",
						     .body_length = 1,
						     .extras = { "REQUEST_ID=q\"1" } });
	ck_assert_ptr_nonnull(answer);
	ck_assert_ptr_nonnull(strstr(answer, "Status: 503 Service Unavailable\r\n"));
	ck_assert_ptr_nonnull(strstr(answer, "\r\nRetry-After: 1\r\n"));
	ck_assert_ptr_nonnull(strstr(answer, "\"code\":\"unavailable\",\"requestId\":\"q\\\"1\"}"));

	shared->let_go = true;
	ck_assert(client_read(running, &text));
	ck_assert(client_read(waiting, &text));
	ck_assert_int_eq(shared->handled, 2);
	assert_serves(refused);
	buffer_free(&text);
}
END_TEST

Suite *suite_fcgi(void)
{
	Suite *suite = suite_create("fcgi");
	TCase *answers = tcase_create("answers");
	TCase *bodies = tcase_create("bodies");
	TCase *connections = tcase_create("connections");

	tcase_add_checked_fixture(answers, server_setup, server_teardown);
	tcase_set_timeout(answers, 15);
	tcase_add_test(answers, an_answer_has_status_length_headers_and_body);
	tcase_add_test(answers, head_204_and_304_have_no_body);
	tcase_add_test(answers, parameters_become_fields);
	tcase_add_test(answers, empty_is_absent_but_for_an_idempotency_key);
	tcase_add_test(answers, a_request_without_an_id_is_given_one);
	tcase_add_test(answers, without_method_or_uri_nothing_is_served);
	tcase_add_test(answers, a_large_answer_arrives_whole);
	suite_add_tcase(suite, answers);

	tcase_add_checked_fixture(bodies, server_setup, server_teardown);
	tcase_set_timeout(bodies, 15);
	tcase_add_test(bodies, a_body_up_to_the_cap_is_taken);
	tcase_add_test(bodies, a_body_over_the_cap_is_read_off_and_told);
	tcase_add_test(bodies, a_body_of_another_length_than_announced_is_dropped);
	tcase_add_test(bodies, a_client_that_leaves_anywhere_is_not_served);
	tcase_add_test(bodies, a_client_that_does_not_wait_harms_nobody);
	tcase_add_test(bodies, a_slow_body_is_waited_for);
	suite_add_tcase(suite, bodies);

	tcase_add_checked_fixture(connections, server_setup, server_teardown);
	tcase_set_timeout(connections, 15);
	tcase_add_test(connections, a_connection_carries_many_requests);
	tcase_add_test(connections, a_connection_ends_when_the_client_asks_so);
	tcase_add_test(connections, idle_connections_pin_no_thread);
	tcase_add_test(connections, who_finds_no_descriptor_left_waits);
	tcase_add_test(connections, tcp_works_too);
	tcase_add_test(connections, a_full_queue_refuses_at_once);
	suite_add_tcase(suite, connections);
	return suite;
}
