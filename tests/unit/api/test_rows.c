/* Records in an answer: how many fit, and whose edit goes by which entity tag. */
#include "api/api.h"
#include "store/doc.h"
#include "suites.h"

#include <string.h>

#define OWNER "65a1b2c3d4e5f60718293a01"

static const struct view_row note_rows[] = {
	MEMBER("_id", ID),
	MEMBER("text", TEXT),
	MEMBER("email", TEXT, .flags = VIEW_PRIVATE),
};
static const struct view note_view = VIEW_OF("Note", note_rows, .owner_field = "user_id");

static struct request rq;
static struct arena *arena;

static struct id id_of(const char *hex)
{
	struct id id;

	ck_assert(id_parse(hex, strlen(hex), &id));
	return id;
}

static void setup(void)
{
	static const struct route route = { .view = &note_view };

	arena = arena_new();
	rq = (struct request){ .arena = arena, .route = &route };
}

static void teardown(void)
{
	buffer_free(&rq.out);
	arena_free(arena);
}

static const bson_t *note_of(size_t length)
{
	char *text = arena_alloc(arena, length + 1);
	struct id owner = id_of(OWNER);

	memset(text, 'x', length);
	text[length] = '\0';
	return DOC(arena, ID("_id", &owner), ID("user_id", &owner), TEXT("text", text),
		   TEXT("email", "ada@example.org"));
}

/* ---- how many fit ---- */

PROMISE("1 Lists",
	"An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there")
START_TEST(an_answer_takes_whole_records_up_to_its_limit)
{
	const bson_t *note = note_of(1024 * 1024);
	struct rows rows = { .rq = &rq, .view = &note_view };
	size_t taken = 0, length = 0;

	json_array(respond(&rq), "notes");
	for (; taken < 10 && rows_add(&rows, note); taken++)
		length = rq.out.length;
	ck_assert_uint_eq(taken, 3);
	ck_assert_msg(rq.out.length == length, "nothing is left of the one without room");
	ck_assert_msg(!rows_add(&rows, note_of(1)), "none goes before it that comes after");
	rows_end(&rows);
}
END_TEST

struct taken {
	size_t count, length;
};

static void take(void *context, const bson_t *doc, const char *text, size_t length)
{
	struct taken *taken = context;

	(void)doc;
	ck_assert(text[0] == '{' && text[length - 1] == '}');
	taken->count++;
	taken->length += length;
}

START_TEST(records_that_are_kept_for_later_count_as_well)
{
	struct taken taken = { 0 };
	struct rows rows = { .rq = &rq, .view = &note_view, .take = take, .context = &taken };

	respond(&rq);
	while (taken.count < 10 && rows_add(&rows, note_of(1024 * 1024)))
		;
	rows_end(&rows);
	ck_assert_uint_eq(taken.count, 3);
	ck_assert(taken.length < ANSWER_MAX && rq.out.length < 16);
}
END_TEST

START_TEST(a_kept_record_is_opened_again_to_be_added_to)
{
	static const char text[] = "{\"a\":1}";
	struct kept_rows *kept = arena_alloc(arena, sizeof *kept);
	struct json json;

	kept->arena = arena;
	kept_rows_add(kept, text, strlen(text));
	json_start(&json, &rq.out);
	kept_row_open(&json, kept, 0);
	json_int(&json, "b", 2);
	json_end(&json);
	ck_assert_str_eq(rq.out.bytes, "{\"a\":1,\"b\":2}");
}
END_TEST

/* ---- If-Match ---- */

/* The tag of the note as this user gets it. */
static const char *tag_for(const char *user)
{
	struct caller viewer = { .known = user != NULL, .role = ROLE_WORKER };
	struct buffer body = { 0 };
	struct json json;
	char tag[REQUEST_ETAG_SIZE];

	if (user)
		viewer.id = id_of(user);
	json_start(&json, &body);
	render(&json, NULL, &note_view, note_of(5), &viewer);
	request_etag(body.bytes, body.length, tag);
	buffer_free(&body);
	return arena_text(arena, tag);
}

static enum err edit(const char *if_match_header, bool *sent)
{
	rq.caller = (struct caller){ .known = true, .id = id_of(OWNER), .role = ROLE_WORKER };
	rq.if_match = if_match_header;
	return if_match(&rq, &note_view, note_of(5), sent);
}

START_TEST(an_edit_goes_by_the_tag_of_what_its_caller_or_the_public_was_shown)
{
	bool sent;

	ck_assert_str_ne(tag_for(OWNER), tag_for(NULL));
	ck_assert_int_eq(edit(tag_for(OWNER), &sent), OK);
	ck_assert_int_eq(edit(tag_for(NULL), &sent), OK);
	ck_assert(sent);
	ck_assert_int_eq(edit(arena_printf(arena, "\"old\", %s", tag_for(OWNER)), &sent), OK);
	ck_assert_int_eq(edit("*", &sent), OK);
	ck_assert_int_eq(edit("W/\"0123456789abcdef\"", &sent), ERR_PRECONDITION_FAILED);
	ck_assert(sent);
	ck_assert_int_eq(edit(NULL, &sent), OK);
	ck_assert_msg(!sent, "then it is not guarded by what was read");
}
END_TEST

Suite *suite_rows(void)
{
	Suite *suite = suite_create("rows");
	TCase *rows = tcase_create("rows");

	tcase_add_checked_fixture(rows, setup, teardown);
	tcase_add_test(rows, an_answer_takes_whole_records_up_to_its_limit);
	tcase_add_test(rows, records_that_are_kept_for_later_count_as_well);
	tcase_add_test(rows, a_kept_record_is_opened_again_to_be_added_to);
	tcase_add_test(rows, an_edit_goes_by_the_tag_of_what_its_caller_or_the_public_was_shown);
	suite_add_tcase(suite, rows);
	return suite;
}
