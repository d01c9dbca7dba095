/* Whatever comes on a connection, the worker lives, and others are served. */
#include "base/clock.h"
#include "base/count.h"
#include "fcgi_fixture.h"
#include "server/records.h"
#include "suites.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, BODY = 5, DATA = 8, GET_VALUES = 9 };
static const char RESPONDER[] = "\0\1\1\0\0\0\0\0", AUTHORIZER[] = "\0\2\1\0\0\0\0\0";

static void put_padded(struct buffer *out, int type, int id, const void *bytes, size_t length,
		       size_t padding)
{
	const unsigned char header[8] = {
		1,
		(unsigned char)type,
		(unsigned char)(id >> 8),
		(unsigned char)id,
		(unsigned char)(length >> 8),
		(unsigned char)length,
		(unsigned char)padding,
	};
	static const char zeros[256];

	buffer_put(out, header, sizeof(header));
	buffer_put(out, bytes, length);
	buffer_put(out, zeros, padding);
}

static void put(struct buffer *out, int type, int id, const void *bytes, size_t length)
{
	put_padded(out, type, id, bytes, length, 0);
}

#define PUT(out, type, id, literal) put(out, type, id, literal, sizeof(literal) - 1)
#define METHOD "\x0e\x03REQUEST_METHODGET"
#define URI "\x0b\x01REQUEST_URI/"

/* ---- what no web server sends ---- */

static void begin(struct buffer *out)
{
	PUT(out, BEGIN, 1, RESPONDER);
	PUT(out, PARAMS, 1, METHOD URI);
}

static void end(struct buffer *out)
{
	PUT(out, PARAMS, 1, "");
	PUT(out, BODY, 1, "");
}

static void pair_of_four_gigabytes(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 1, "\xff\xff\xff\xff\xff\xff\xff\xffname");
	end(out);
}

static void pair_just_beyond_an_int(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 1, "\xc0\0\0\0\xbf\xff\xff\xffname");
	end(out);
}

static void pair_longer_than_its_record(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 1, "\x04\x09nameshort");
	end(out);
}

static void lengths_cut_off(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 1, "\x04\x80\0");
	end(out);
}

static void name_without_letters(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 1, "\0\x05value");
	end(out);
}

static void parameters_without_end(struct buffer *out)
{
	char value[1024];

	memset(value, 'v', sizeof(value));
	begin(out);
	for (size_t sent = 0; sent <= RECORDS_PARAMS_MAX; sent += sizeof(value)) {
		struct buffer content = { 0 };

		buffer_put(&content, "\x04\x80\0\x04\0name", 9);
		buffer_put(&content, value, sizeof(value));
		put(out, PARAMS, 1, content.bytes, content.length);
		buffer_free(&content);
	}
	end(out);
}

static void question_about_values(struct buffer *out)
{
	PUT(out, GET_VALUES, 0, "\x0e\0FCGI_MAX_CONNS");
	begin(out);
	end(out);
}

static void question_that_overruns_the_answer(struct buffer *out)
{
	struct buffer names = { 0 };

	begin(out);
	PUT(out, PARAMS, 1, "");
	for (int i = 0; i < 3000; i++)
		buffer_put(&names, "\x0e\0FCGI_MAX_CONNS", 16);
	put(out, GET_VALUES, 0, names.bytes, names.length);
	buffer_free(&names);
	PUT(out, BODY, 1, "");
}

static void another_role(struct buffer *out)
{
	PUT(out, BEGIN, 1, AUTHORIZER);
	PUT(out, PARAMS, 1, METHOD URI);
	end(out);
}

static void beginning_of_another_size(struct buffer *out)
{
	PUT(out, BEGIN, 1, "\0\1\1");
	PUT(out, PARAMS, 1, METHOD URI);
	end(out);
}

static void no_id(struct buffer *out)
{
	PUT(out, BEGIN, 0, RESPONDER);
	PUT(out, PARAMS, 0, METHOD URI);
	PUT(out, PARAMS, 0, "");
	PUT(out, BODY, 0, "");
}

static void padding_for_nothing(struct buffer *out)
{
	put_padded(out, BEGIN, 1, RESPONDER, 8, 8);
	PUT(out, PARAMS, 1, METHOD URI);
	put_padded(out, PARAMS, 1, NULL, 0, 8);
	PUT(out, BODY, 1, "");
}

static void two_at_once(struct buffer *out)
{
	begin(out);
	PUT(out, BEGIN, 2, RESPONDER);
	end(out);
}

static void another_id_in_between(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 2, METHOD);
	end(out);
}

static void aborted(struct buffer *out)
{
	begin(out);
	PUT(out, ABORT, 1, "");
	end(out);
}

static void data_for_a_filter(struct buffer *out)
{
	begin(out);
	PUT(out, DATA, 1, "x");
	end(out);
}

static void unknown_type(struct buffer *out)
{
	begin(out);
	PUT(out, 200, 1, "x");
	end(out);
}

static void body_first(struct buffer *out)
{
	PUT(out, BEGIN, 1, RESPONDER);
	PUT(out, BODY, 1, "");
	PUT(out, PARAMS, 1, METHOD URI);
	PUT(out, PARAMS, 1, "");
}

static void another_version(struct buffer *out)
{
	begin(out);
	end(out);
	out->bytes[0] = 2;
}

static void more_behind_the_end(struct buffer *out)
{
	begin(out);
	end(out);
	begin(out);
	end(out);
}

static void a_page_of_another_protocol(struct buffer *out)
{
	buffer_text(out, "GET / HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/7.88.1\r\n\r\n");
}

static void body_without_end(struct buffer *out)
{
	static const char piece[60000];

	begin(out);
	PUT(out, PARAMS, 1, "");
	for (size_t sent = 0; sent <= RECORDS_MAX; sent += sizeof(piece))
		put(out, BODY, 1, piece, sizeof(piece));
}

static void (*const unsound[])(struct buffer *out) = {
	pair_of_four_gigabytes,
	pair_just_beyond_an_int,
	pair_longer_than_its_record,
	lengths_cut_off,
	name_without_letters,
	parameters_without_end,
	question_about_values,
	question_that_overruns_the_answer,
	another_role,
	beginning_of_another_size,
	no_id,
	padding_for_nothing,
	two_at_once,
	another_id_in_between,
	aborted,
	data_for_a_filter,
	unknown_type,
	body_first,
	another_version,
	more_behind_the_end,
	a_page_of_another_protocol,
	body_without_end,
};

PROMISE("1 Lists", "One who speaks FastCGI to a worker holds up nobody else either")
START_TEST(what_is_no_request_ends_its_connection_and_nothing_else)
{
	struct buffer out = { 0 };

	server_start(1, 8);
	int other = connected();
	assert_serves(other);
	int fd = connected();
	unsound[_i](&out);
	client_send(fd, &out);
	ck_assert(client_sees_end(fd));
	assert_serves(other);
	assert_serves(connected());
	ck_assert_int_eq(shared->handled, 3);
	ck_assert_int_eq(waitpid(server_pid, NULL, WNOHANG), 0);
}
END_TEST

/* ---- what is unusual, and sound ---- */

static void assert_answers(int fd, struct buffer *out)
{
	struct buffer text = { 0 };

	client_send(fd, out);
	ck_assert(client_read(fd, &text));
	ck_assert_ptr_nonnull(strstr(text.bytes, "Status: 200 OK\r\n"));
	ck_assert_ptr_nonnull(strstr(text.bytes, "\"method\":\"GET\",\"uri\":\"/\""));
	buffer_free(&text);
}

START_TEST(any_id_padding_and_cut_are_taken)
{
	static const char params[] = "\x80\0\0\x0e\x80\0\0\x03REQUEST_METHODGET" URI "\x0e\x01"
				     "CONTENT_LENGTH4\x05\0EMPTY";
	struct buffer out = { 0 };

	server_start(1, 8);
	int fd = connected();
	for (int round = 0; round < 2; round++) {
		put(&out, BEGIN, 0xffff, RESPONDER, 8);
		for (size_t i = 0; i < sizeof(params) - 1; i++)
			put_padded(&out, PARAMS, 0xffff, params + i, 1, i * 7 % 256);
		put(&out, PARAMS, 0xffff, NULL, 0);
		for (int i = 0; i < 4; i++)
			put_padded(&out, BODY, 0xffff, "body" + i, 1, 255);
		put(&out, BODY, 0xffff, NULL, 0);
		assert_answers(fd, &out);
	}
}
END_TEST

/* ---- what comes slowly, or not at all ---- */

PROMISE("1 Lists", "One who speaks FastCGI to a worker holds up nobody else either")
START_TEST(who_sends_slowly_keeps_no_thread)
{
	struct buffer request = { 0 };
	int slow[20];

	begin(&request);
	end(&request);
	server_start(1, 64);
	for (size_t i = 0; i < COUNT_OF(slow); i++)
		slow[i] = connected();
	for (size_t at = 0; at < request.length; at++) {
		for (size_t i = 0; i < COUNT_OF(slow); i++)
			ck_assert_int_eq(write(slow[i], request.bytes + at, 1), 1);
		if (at % 8 == 0)
			assert_serves(connected());
	}
	for (size_t i = 0; i < COUNT_OF(slow); i++)
		assert_answers(slow[i], &(struct buffer){ 0 });
	buffer_free(&request);
}
END_TEST

/* A thread stays with a large one that comes; not with one that drips. */
START_TEST(who_sends_much_slowly_keeps_a_thread_for_a_moment_alone)
{
	static const char piece[60000];
	struct buffer out = { 0 };

	server_start(1, 64);
	int slow = connected();
	begin(&out);
	put(&out, PARAMS, 1, NULL, 0);
	put(&out, BODY, 1, piece, sizeof(piece));
	put(&out, BODY, 1, piece, sizeof(piece));
	client_send(slow, &out);
	put(&out, BODY, 1, piece, 100);
	int64_t since = clock_steady();
	for (size_t at = 0; at < out.length; at++) {
		ck_assert_int_eq(write(slow, out.bytes + at, 1), 1);
		assert_serves(connected());
	}
	/* a second for each byte would be two minutes */
	ck_assert_int_lt(clock_steady() - since, 30000);
	buffer_free(&out);
}
END_TEST

PROMISE("1 Lists", "One who speaks FastCGI to a worker holds up nobody else either")
START_TEST(who_never_ends_or_never_reads_loses_the_connection)
{
	struct buffer out = { 0 };

	server_start(2, 64);
	int silent = connected(), deaf = connected(), idle = connected();
	assert_serves(idle);
	begin(&out);
	client_send(silent, &out);
	/* More than the socket's buffer takes. */
	send_call(deaf, &(struct call){ .method = "GET", .uri = "/large" });
	assert_serves(connected());
	ck_assert(client_sees_end(silent));
	ck_assert(client_sees_hangup(deaf));
	ck_assert(!client_read(deaf, &out));
	assert_serves(idle);
	buffer_free(&out);
}
END_TEST

/* ---- anything ---- */

static uint32_t seed;

static size_t chance(size_t below)
{
	seed = seed * 1664525 + 1013904223;
	return below ? (seed >> 8) % below : 0;
}

static void mutate_once(struct buffer *bytes)
{
	size_t at = chance(bytes->length), length = chance(bytes->length - at);
	struct buffer copy = { 0 };

	switch (chance(5)) {
	case 0:
		bytes->bytes[at] = (char)chance(256);
		break;
	case 1:
		bytes->bytes[at] ^= (char)(1 << chance(8));
		break;
	case 2: /* cut out */
		memmove(bytes->bytes + at, bytes->bytes + at + length, bytes->length - at - length);
		bytes->length -= length;
		break;
	case 3: /* twice */
		buffer_put(&copy, bytes->bytes, at);
		buffer_put(bytes, copy.bytes, at);
		buffer_free(&copy);
		break;
	default: /* a length that is very long */
		memset(bytes->bytes + at, 0xff, length < 4 ? length : 4);
	}
}

/* A sound request with up to eight faults. */
static void mutant(struct buffer *out)
{
	begin(out);
	PUT(out, PARAMS, 1,
	    "\x04\x80\0\0\x05namevalue\x0e\x01"
	    "CONTENT_LENGTH4");
	PUT(out, PARAMS, 1, "");
	put_padded(out, BODY, 1, "body", 4, 4);
	PUT(out, BODY, 1, "");
	for (size_t faults = 1 + chance(8); faults > 0 && out->length > 1; faults--)
		mutate_once(out);
}

PROMISE("1 Lists", "One who speaks FastCGI to a worker holds up nobody else either")
START_TEST(mutants_harm_nobody)
{
	struct buffer out = { 0 };

	seed = 20;
	server_start(2, 1024);
	for (int round = 0; round < 5000; round++) {
		int fd = connected();

		mutant(&out);
		client_send(fd, &out);
		close(fd);
		if (round % 100 == 0)
			assert_serves(connected());
	}
	assert_serves(connected());
	ck_assert_int_eq(waitpid(server_pid, NULL, WNOHANG), 0);
}
END_TEST

static enum records_state judge_in_pieces(const struct buffer *whole)
{
	struct records records = { 0 };
	enum records_state state = RECORDS_PART;

	for (size_t at = 0; at < whole->length && state != RECORDS_BROKEN;) {
		size_t piece = 1 + chance(whole->length - at);

		buffer_put(&records.bytes, whole->bytes + at, piece);
		state = records_judge(&records);
		at += piece;
	}
	records_reset(&records);
	return state;
}

START_TEST(the_verdict_does_not_hang_on_how_it_comes)
{
	struct buffer whole = { 0 };

	seed = 30;
	for (int round = 0; round < 20000; round++) {
		struct records records = { 0 };

		mutant(&whole);
		buffer_put(&records.bytes, whole.bytes, whole.length);
		ck_assert_int_eq(records_judge(&records), judge_in_pieces(&whole));
		records_reset(&records);
		buffer_free(&whole);
	}
}
END_TEST

Suite *suite_records(void)
{
	Suite *suite = suite_create("records");
	TCase *records = tcase_create("records");

	tcase_add_checked_fixture(records, server_setup, server_teardown);
	tcase_set_timeout(records, 60);
	tcase_add_loop_test(records, what_is_no_request_ends_its_connection_and_nothing_else, 0,
			    COUNT_OF(unsound));
	tcase_add_test(records, any_id_padding_and_cut_are_taken);
	tcase_add_test(records, who_sends_slowly_keeps_no_thread);
	tcase_add_test(records, who_sends_much_slowly_keeps_a_thread_for_a_moment_alone);
	tcase_add_test(records, who_never_ends_or_never_reads_loses_the_connection);
	tcase_add_test(records, mutants_harm_nobody);
	tcase_add_test(records, the_verdict_does_not_hang_on_how_it_comes);
	suite_add_tcase(suite, records);
	return suite;
}
