/* Views: what leaves the service of a record, as what, and to whom. */
#include "http/render.h"
#include "suites.h"

#include "store/doc.h"

#include <float.h>
#include <math.h>

static struct arena *arena;
static struct buffer out;

static void setup(void)
{
	arena = arena_new();
	out = (struct buffer){ 0 };
}

static void teardown(void)
{
	buffer_free(&out);
	arena_free(arena);
}

static const struct id owner = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };
static const struct id other = { { 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 } };
#define OWNER_HEX "0102030405060708090a0b0c"

static const struct view_row base_rows[] = {
	MEMBER("_id", ID),
	MEMBER("name", TEXT),
};
static const struct view base_view = VIEW_OF("Base", base_rows);

static const struct view_row rows[] = {
	MEMBER("owner_id", ID, .flags = VIEW_OPTIONAL),
	MEMBER("email", TEXT, .flags = VIEW_PRIVATE | VIEW_OPTIONAL),
	MEMBER("coins", WHOLE, .flags = VIEW_ALWAYS),
	MEMBER("price", MONEY, .flags = VIEW_ALWAYS),
	MEMBER("photo", TEXT, .flags = VIEW_ALWAYS),
	MEMBER("done", BOOL, .flags = VIEW_ALWAYS),
	MEMBER("at", DATE, .flags = VIEW_OR_NULL),
};
static const struct view view =
	VIEW_OF("Thing", rows, .base = &base_view, .owner_field = "owner_id");

static const char *rendered(const bson_t *doc, const struct caller *viewer)
{
	struct json json;

	buffer_reset(&out);
	json_start(&json, &out);
	render(&json, NULL, &view, doc, viewer);
	json_finish(&json);
	return out.bytes;
}

static const struct caller *caller(const struct id *id, enum role role)
{
	struct caller *made = arena_alloc(arena, sizeof *made);

	*made = (struct caller){ .known = true, .id = *id, .role = role };
	return made;
}

#define MISSING "\"coins\":0,\"price\":0,\"photo\":\"\",\"done\":false,\"at\":null"

START_TEST(a_field_without_a_row_never_leaves)
{
	const bson_t *doc = DOC(arena, TEXT("password", "$2b$10$x"), TEXT("name", "Ada"),
				TEXT("email_key", "ada@x.example"), INT("__v", 0));

	ck_assert_str_eq(rendered(doc, caller(&owner, ROLE_ADMIN)),
			 "{\"name\":\"Ada\"," MISSING "}");
}
END_TEST

START_TEST(what_always_stands_there_has_a_value_where_the_record_has_none)
{
	ck_assert_str_eq(rendered(DOC(arena, NULL), NULL), "{" MISSING "}");
}
END_TEST

START_TEST(values_are_written_as_their_kind)
{
	const bson_t *doc = DOC(arena, ID("_id", &owner), WHOLE("coins", INT64_MAX),
				PAIR("price", BCON_DOUBLE(10.5)), TEXT("photo", "a\"b\n"),
				BOOL("done", true), DATE("at", INT64_C(1769850000000)));

	ck_assert_str_eq(
		rendered(doc, NULL),
		"{\"_id\":\"" OWNER_HEX "\",\"coins\":9223372036854775807,\"price\":10.5,"
		"\"photo\":\"a\\\"b\\n\",\"done\":true,\"at\":\"2026-01-31T09:00:00.000Z\"}");
}
END_TEST

/* As older data has them. */
START_TEST(whole_numbers_of_any_kind_have_no_point)
{
	const bson_t *kinds[] = {
		DOC(arena, INT("coins", 7)),
		DOC(arena, WHOLE("coins", 7)),
		DOC(arena, PAIR("coins", BCON_DOUBLE(7.0))),
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		ck_assert_msg(strstr(rendered(kinds[i], NULL), "{\"coins\":7,") != NULL, "%s",
			      out.bytes);
}
END_TEST

START_TEST(what_json_cannot_say_is_null)
{
	const double numbers[] = { (double)NAN, (double)INFINITY, DBL_MAX };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		rendered(DOC(arena, PAIR("coins", BCON_DOUBLE(numbers[i]))), NULL);
		ck_assert_msg(strstr(out.bytes, "{\"coins\":null,") != NULL, "%s", out.bytes);
	}
	rendered(DOC(arena, SUB("name", TEXT("$gt", ""))), NULL);
	ck_assert_msg(strstr(out.bytes, "{\"name\":null,") != NULL, "%s", out.bytes);
}
END_TEST

START_TEST(a_private_field_is_for_the_owner_and_for_admins)
{
	const bson_t *doc = DOC(arena, ID("owner_id", &owner), TEXT("email", "a@b.c"));
	const char *shown = "\"email\":\"a@b.c\"";

	ck_assert_ptr_nonnull(strstr(rendered(doc, caller(&owner, ROLE_BUYER)), shown));
	ck_assert_ptr_nonnull(strstr(rendered(doc, caller(&other, ROLE_ADMIN)), shown));
	ck_assert_ptr_null(strstr(rendered(doc, caller(&other, ROLE_BUYER)), "email"));
	ck_assert_ptr_null(strstr(rendered(doc, &(struct caller){ 0 }), "email"));
	ck_assert_ptr_null(strstr(rendered(doc, NULL), "email"));
}
END_TEST

START_TEST(a_record_that_names_no_owner_has_none)
{
	const bson_t *doc = DOC(arena, TEXT("owner_id", OWNER_HEX), TEXT("email", "a@b.c"));

	ck_assert_ptr_null(strstr(rendered(doc, caller(&owner, ROLE_BUYER)), "email"));
}
END_TEST

PROMISE("1 Lists",
	"An answer is at most 4 MiB: a page that would be longer ends earlier, and `next` goes on from there")
START_TEST(no_record_outgrows_an_answer)
{
	size_t length = 16 * 1024 * 1024 - 1024;
	char *huge = arena_alloc(arena, length + 1);
	bson_t *doc = DOC(arena, PAIR("_id", BCON_OID((const bson_oid_t *)owner.bytes)));

	memset(huge, 1, length);
	for (size_t i = 0; i < 10; i++)
		bson_append_utf8(doc, "name", -1, huge, (int)length);
	bson_append_utf8(doc, "coins", -1, huge, (int)length);
	rendered(doc, NULL);
	ck_assert_uint_gt(out.length, RENDER_MAX / 2);
	ck_assert_uint_lt(out.length, RENDER_MAX);
}
END_TEST

Suite *suite_render(void)
{
	Suite *suite = suite_create("render");
	TCase *tests = tcase_create("render");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_field_without_a_row_never_leaves);
	tcase_add_test(tests, what_always_stands_there_has_a_value_where_the_record_has_none);
	tcase_add_test(tests, values_are_written_as_their_kind);
	tcase_add_test(tests, whole_numbers_of_any_kind_have_no_point);
	tcase_add_test(tests, what_json_cannot_say_is_null);
	tcase_add_test(tests, a_private_field_is_for_the_owner_and_for_admins);
	tcase_add_test(tests, a_record_that_names_no_owner_has_none);
	tcase_add_test(tests, no_record_outgrows_an_answer);
	suite_add_tcase(suite, tests);
	return suite;
}
