/* Answers as records: how many calls of the system they take, and from whom. */
#include "base/still_clock.h"

#include "server/output.h"
#include "suites.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSING "\1\6\1\2\0\0\0\0\1\3\1\2\0\10\0\0\0\0\0\0\0\0\0\0"

enum { ID = 0x102, RECORD = 0xfff8 };

static int ours, theirs;
static struct buffer head, body;

static void connect_both(int type)
{
	int both[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, both), 0);
	ours = both[0];
	theirs = both[1];
}

/* Of many letters, so that no piece can take another's place. */
static void make_answer(size_t body_length)
{
	buffer_text(&head, "Status: 200 OK\r\n\r\n");
	for (size_t i = 0; i < body_length; i++)
		buffer_byte(&body, (char)('a' + (i / 3 + i) % 26));
}

static void teardown(void)
{
	clock_go();
	close(ours);
	close(theirs);
	buffer_free(&head);
	buffer_free(&body);
}

/* ---- each call of the system is a packet ---- */

static char packet[RECORD + 100];

static size_t next_packet(void)
{
	ssize_t got = recv(theirs, packet, sizeof(packet), MSG_DONTWAIT);

	return got < 0 ? 0 : (size_t)got;
}

START_TEST(what_fits_a_record_leaves_in_one_call)
{
	connect_both(SOCK_SEQPACKET);
	make_answer(10000);
	ck_assert(output_send(ours, ID, &head, &body));

	size_t length = head.length + body.length;
	ck_assert_uint_eq(next_packet(), 8 + length + sizeof(CLOSING) - 1);
	const unsigned char header[8] = {
		1, 6, 1, 2, (unsigned char)(length >> 8), (unsigned char)length
	};
	ck_assert_mem_eq(packet, header, sizeof(header));
	ck_assert_mem_eq(packet + 8, head.bytes, head.length);
	ck_assert_mem_eq(packet + 8 + head.length, body.bytes, body.length);
	ck_assert_mem_eq(packet + 8 + length, CLOSING, sizeof(CLOSING) - 1);
	ck_assert_uint_eq(next_packet(), 0);
}
END_TEST

START_TEST(a_full_record_is_the_last_when_nothing_is_left)
{
	connect_both(SOCK_SEQPACKET);
	make_answer(RECORD - strlen("Status: 200 OK\r\n\r\n"));
	ck_assert(output_send(ours, ID, &head, &body));
	ck_assert_uint_eq(next_packet(), 8 + RECORD + sizeof(CLOSING) - 1);
	ck_assert_uint_eq(next_packet(), 0);
	/* one byte more takes a second one, which alone is followed by the closing records */
	buffer_byte(&body, 'z');
	ck_assert(output_send(ours, ID, &head, &body));
	ck_assert_uint_eq(next_packet(), 8 + RECORD);
	ck_assert_uint_eq(next_packet(), 8 + 1 + sizeof(CLOSING) - 1);
	ck_assert_int_eq(packet[8], 'z');
}
END_TEST

START_TEST(a_head_alone_is_an_answer)
{
	connect_both(SOCK_SEQPACKET);
	make_answer(0);
	ck_assert(output_send(ours, ID, &head, &body));
	ck_assert_uint_eq(next_packet(), 8 + head.length + sizeof(CLOSING) - 1);
}
END_TEST

/* ---- peers that take their time ---- */

static int passes; /* milliseconds after each piece */

static void make_narrow(void)
{
	const int size = 4096;

	connect_both(SOCK_STREAM);
	ck_assert_int_eq(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
}

/* Takes little by little, and returns what it took. */
static void *take_in_thread(void *context)
{
	struct buffer *all = context;
	char piece[700];
	ssize_t got;

	while ((got = recv(theirs, piece, sizeof(piece), 0)) > 0) {
		buffer_put(all, piece, (size_t)got);
		clock_pass(passes);
	}
	return NULL;
}

static bool send_to_slow(struct buffer *all)
{
	pthread_t thread;

	clock_stop();
	ck_assert_int_eq(pthread_create(&thread, NULL, take_in_thread, all), 0);
	bool sent = output_send(ours, ID, &head, &body);
	shutdown(ours, SHUT_WR);
	pthread_join(thread, NULL);
	return sent;
}

START_TEST(who_takes_it_in_pieces_gets_all_of_it)
{
	struct buffer all = { 0 };

	make_narrow();
	make_answer(200000);
	passes = 0;
	ck_assert(send_to_slow(&all));
	size_t records = (head.length + body.length) / RECORD + 1;
	ck_assert_uint_eq(all.length,
			  head.length + body.length + 8 * records + sizeof(CLOSING) - 1);
	/* the last piece, and what is before the header of the second record */
	size_t rest = head.length + body.length - (records - 1) * RECORD;
	ck_assert_mem_eq(all.bytes + 8 + head.length, body.bytes, RECORD - head.length);
	ck_assert_mem_eq(all.bytes + all.length - (sizeof(CLOSING) - 1) - rest,
			 body.bytes + body.length - rest, rest);
	buffer_free(&all);
}
END_TEST

START_TEST(who_takes_a_little_now_and_then_does_not_keep_us)
{
	struct buffer all = { 0 };

	make_narrow();
	make_answer(2000000);
	passes = 15000;
	ck_assert(!send_to_slow(&all));
	ck_assert_uint_gt(all.length, 0);
	ck_assert_uint_lt(all.length, body.length);
	buffer_free(&all);
}
END_TEST

START_TEST(who_has_left_gets_nothing)
{
	connect_both(SOCK_STREAM);
	make_answer(10);
	close(theirs);
	ck_assert(!output_send(ours, ID, &head, &body));
}
END_TEST

Suite *suite_output(void)
{
	Suite *suite = suite_create("output");
	TCase *calls = tcase_create("calls");
	TCase *peers = tcase_create("peers");

	tcase_add_checked_fixture(calls, NULL, teardown);
	tcase_add_test(calls, what_fits_a_record_leaves_in_one_call);
	tcase_add_test(calls, a_full_record_is_the_last_when_nothing_is_left);
	tcase_add_test(calls, a_head_alone_is_an_answer);
	suite_add_tcase(suite, calls);

	tcase_add_checked_fixture(peers, NULL, teardown);
	tcase_set_timeout(peers, 30);
	tcase_add_test(peers, who_takes_it_in_pieces_gets_all_of_it);
	tcase_add_test(peers, who_takes_a_little_now_and_then_does_not_keep_us);
	tcase_add_test(peers, who_has_left_gets_nothing);
	suite_add_tcase(suite, peers);
	return suite;
}
