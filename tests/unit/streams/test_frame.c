#include "streams/frame.h"
#include "suites.h"

#include <string.h>

#define ID "65a1b2c3d4e5f60718293a4b"

static struct buffer out;

static void setup(void)
{
	memset(&out, 0, sizeof(out));
}

static void teardown(void)
{
	buffer_free(&out);
}

static bson_t *notification(const char *message)
{
	bson_oid_t id;

	bson_oid_init_from_string(&id, ID);
	return BCON_NEW("_id", BCON_OID(&id), "user_id", BCON_OID(&id), "message",
			BCON_UTF8(message), "type", BCON_UTF8("task"), "isRead", BCON_BOOL(false),
			"archived", BCON_BOOL(false), "createdAt", BCON_DATE_TIME(0));
}

PROMISE("8 Streams", "`id` is the notification's; `data` the notification as GET lists it")
START_TEST(a_notification_stands_under_its_id_as_one_line_of_data)
{
	bson_t *doc = notification("Hello");

	frame_notification(&out, doc);
	ck_assert_str_eq(out.bytes,
			 "id: " ID "\ndata: {\"_id\":\"" ID "\",\"message\":\"Hello\","
			 "\"type\":\"task\",\"isRead\":false,\"archived\":false,"
			 "\"createdAt\":\"1970-01-01T00:00:00.000Z\",\"actionRoute\":\"\"}\n\n");
	bson_destroy(doc);
}
END_TEST

/* Any of CR, LF and CRLF ends a line of a stream. */
PROMISE("8 Streams", "Server-sent events")
START_TEST(no_text_ends_a_line_or_an_event_before_its_time)
{
	bson_t *doc = notification("a\nb\r\nc\rd\n\nid: 7\ndata: e");
	size_t lines = 0;

	frame_notification(&out, doc);
	for (const char *at = out.bytes; *at; at++) {
		ck_assert_int_ne(*at, '\r');
		lines += *at == '\n';
	}
	ck_assert_uint_eq(lines, 3);
	ck_assert_str_eq(out.bytes + out.length - 2, "\n\n");
	bson_destroy(doc);
}
END_TEST

START_TEST(a_stream_begins_with_when_to_come_back_and_since_when_it_tells)
{
	frame_begin(&out, 1500);
	frame_resume_point(&out, 1700000000123);
	ck_assert_str_eq(out.bytes, "retry: 1500\n\nid: since-1700000000123\n\n");
}
END_TEST

START_TEST(a_reset_is_an_event_of_its_own_kind_and_goes_on_from_its_moment)
{
	frame_reset(&out, 1700000000123);
	ck_assert_ptr_nonnull(strstr(out.bytes, "id: since-1700000000123\nevent: reset\ndata: {"));
	ck_assert_str_eq(out.bytes + out.length - 3, "}\n\n");
}
END_TEST

START_TEST(what_was_written_is_read_again)
{
	struct id id;
	int64_t when = 0;
	char hex[ID_HEX_LENGTH + 1];

	ck_assert_int_eq(frame_id_read(ID, &id, &when), FRAME_ID_NOTIFICATION);
	id_hex(&id, hex);
	ck_assert_str_eq(hex, ID);
	ck_assert_int_eq(frame_id_read("since-1700000000123", &id, &when), FRAME_ID_MOMENT);
	ck_assert_int_eq(when, 1700000000123);
	ck_assert_int_eq(frame_id_read("since-9999999999999999", &id, &when), FRAME_ID_MOMENT);
}
END_TEST

START_TEST(whatever_we_never_wrote_is_no_place)
{
	static const char *const texts[] = {
		"",
		"since-",
		"since--1",
		"since-x",
		"since-1x",
		"since-99999999999999999",
		"Since-1",
		"since- 1",
		"65a1b2c3d4e5f60718293a4",
		"*",
		"65a1b2c3d4e5f60718293a4b7",
		"\xff\xfe",
	};
	struct id id;
	int64_t when;

	ck_assert_int_eq(frame_id_read(NULL, &id, &when), FRAME_ID_NONE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(frame_id_read(texts[i], &id, &when) == FRAME_ID_NONE, "%s", texts[i]);
}
END_TEST

/* A comment only: a line that begins with a colon, and the end of the block. */
START_TEST(a_beat_is_a_comment)
{
	ck_assert_int_eq(FRAME_BEAT[0], ':');
	ck_assert_str_eq(strchr(FRAME_BEAT, '\n'), "\n\n");
}
END_TEST

Suite *suite_frame(void)
{
	Suite *suite = suite_create("frame");
	TCase *frame = tcase_create("frame");

	tcase_add_checked_fixture(frame, setup, teardown);
	tcase_add_test(frame, a_notification_stands_under_its_id_as_one_line_of_data);
	tcase_add_test(frame, no_text_ends_a_line_or_an_event_before_its_time);
	tcase_add_test(frame, a_stream_begins_with_when_to_come_back_and_since_when_it_tells);
	tcase_add_test(frame, a_reset_is_an_event_of_its_own_kind_and_goes_on_from_its_moment);
	tcase_add_test(frame, what_was_written_is_read_again);
	tcase_add_test(frame, whatever_we_never_wrote_is_no_place);
	tcase_add_test(frame, a_beat_is_a_comment);
	suite_add_tcase(suite, frame);
	return suite;
}
