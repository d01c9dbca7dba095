/* Cursors: what a page's end is written as, and what goes on behind it. */
#include "store/cursor.h"
#include "suites.h"

#include "base/count.h"
#include "base/encoding.h"
#include "store/doc.h"
#include "store/list.h"

#include <string.h>

static struct arena *arena;
static bson_t *everything;

static void setup(void)
{
	arena = arena_new();
	everything = DOC(arena, TEXT("status", "active"));
}

static void teardown(void)
{
	arena_free(arena);
}

static const struct id record = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

static const char *json(const bson_t *filter)
{
	char *text = bson_as_relaxed_extended_json(filter, NULL);
	const char *kept = arena_text(arena, text);

	bson_free(text);
	return kept;
}

static const char *written(const struct list_order *order, const bson_t *last)
{
	struct cursor cursor;

	memset(&cursor, 'x', sizeof cursor); /* as one may be that another record has set before */
	cursor_set(&cursor, order, last);
	return cursor_write(arena, order, &cursor);
}

static void assert_goes_on(const struct list_order *order, const bson_t *last, const char *expected)
{
	const char *cursor = written(order, last);
	const bson_t *filter = cursor_filter(arena, order, everything, cursor);

	ck_assert_ptr_nonnull(filter);
	ck_assert_str_eq(json(filter), expected);
}

#define ID_JSON "{ \"$oid\" : \"0102030405060708090a0b0c\" }"
#define ALL "{ \"status\" : \"active\" }"
#define BRANCH(condition) "{ \"$and\" : [ " ALL ", { " condition " } ] }"

START_TEST(descending_goes_on_below_and_to_records_without_the_field)
{
	struct list_order list = { "tasks", "price", false };

	assert_goes_on(
		&list, DOC(arena, ID("_id", &record), WHOLE("price", 7)),
		"{ \"$or\" : [ " BRANCH("\"_id\" : { \"$lt\" : " ID_JSON " }, \"price\" : 7") ", " BRANCH(
			"\"price\" : { \"$lt\" : 7 }") ", " BRANCH("\"price\" : null") " ] }");
}
END_TEST

START_TEST(ascending_goes_on_above)
{
	struct list_order list = { "tasks", "price", true };

	assert_goes_on(
		&list, DOC(arena, ID("_id", &record), INT("price", 7)),
		"{ \"$or\" : [ " BRANCH(
			"\"_id\" : { \"$gt\" : " ID_JSON
			" }, \"price\" : 7") ", " BRANCH("\"price\" : { \"$gt\" : 7 }") " ] }");
}
END_TEST

START_TEST(dates_and_fractions_come_back_as_they_were)
{
	struct list_order list = { "tasks", "at", true };

	assert_goes_on(
		&list, DOC(arena, ID("_id", &record), DATE("at", INT64_C(1769850000000))),
		"{ \"$or\" : [ " BRANCH(
			"\"_id\" : { \"$gt\" : " ID_JSON " }, "
			"\"at\" : { \"$date\" : \"2026-01-31T09:00:00Z\" }") ", " BRANCH("\"at\" : { \"$gt\" : { \"$date\" : \"2026-01-31T09:00:00Z\" } }") " ] }");
	assert_goes_on(
		&list, DOC(arena, ID("_id", &record), PAIR("at", BCON_DOUBLE(2.5))),
		"{ \"$or\" : [ " BRANCH(
			"\"_id\" : { \"$gt\" : " ID_JSON
			" }, \"at\" : 2.5") ", " BRANCH("\"at\" : { \"$gt\" : 2.5 }") " ] }");
}
END_TEST

START_TEST(a_record_without_the_field_stands_below_all)
{
	struct list_order down = { "tasks", "at", false }, up = { "tasks", "at", true };
	const bson_t *last = DOC(arena, ID("_id", &record));

	assert_goes_on(&down, last,
		       "{ \"$or\" : [ " BRANCH("\"_id\" : { \"$lt\" : " ID_JSON
					       " }, \"at\" : null") " ] }");
	assert_goes_on(
		&up, last,
		"{ \"$or\" : [ " BRANCH(
			"\"_id\" : { \"$gt\" : " ID_JSON
			" }, \"at\" : null") ", " BRANCH("\"at\" : { \"$ne\" : null }") " ] }");
}
END_TEST

START_TEST(an_id_may_be_a_text_as_in_the_journal)
{
	struct list_order list = { "ledger", "coins", true };

	assert_goes_on(
		&list,
		DOC(arena, TEXT("_id", "approve:0102030405060708090a0b0c"), WHOLE("coins", 5)),
		"{ \"$or\" : [ " BRANCH(
			"\"_id\" : { \"$gt\" : "
			"\"approve:0102030405060708090a0b0c\" }, \"coins\" : 5") ", " BRANCH("\"coins\" : { \"$gt\" : 5 }") " ] }");
}
END_TEST

START_TEST(a_cursor_is_good_for_its_list_and_order_alone)
{
	struct list_order list = { "tasks", "price", false };
	struct list_order others[] = {
		{ "own tasks", "price", false },
		{ "tasks", "createdAt", false },
		{ "tasks", "price", true },
	};
	const char *cursor = written(&list, DOC(arena, ID("_id", &record), WHOLE("price", 7)));

	ck_assert_ptr_nonnull(cursor_filter(arena, &list, everything, cursor));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_ptr_null(cursor_filter(arena, &others[i], everything, cursor));
}
END_TEST

/* {"a|b", "c"} and {"a", "b|c"}: where one part ends is in the name. */
PROMISE("1 Lists", "A cursor of another list or order: 400")
START_TEST(names_of_lists_differ_as_their_parts_do)
{
	struct arena *names = arena_new();
	const char *const all[] = {
		LIST_NAME(names, "a|b", "c"),	 LIST_NAME(names, "a", "b|c"),
		LIST_NAME(names, "a", "b", "c"), LIST_NAME(names, "ab", "c"),
		LIST_NAME(names, "a", NULL),	 LIST_NAME(names, "a", ""),
		LIST_NAME(names, "a"),		 LIST_NAME(names, "a", "-"),
		LIST_NAME(names, "a", "1:b"),	 LIST_NAME(names, "a1:", "b"),
		LIST_NAME(names, NULL, "a"),	 LIST_NAME(names, "-1:a"),
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(all[i], all[j]);
	ck_assert_str_eq(LIST_NAME(names, "a", "b"), LIST_NAME(names, "a", "b"));
	arena_free(names);
}
END_TEST

START_TEST(anything_else_is_no_cursor)
{
	struct list_order list = { "tasks", "price", false };
	const char *good = written(&list, DOC(arena, ID("_id", &record), WHOLE("price", 7)));
	size_t length = strlen(good);

	/* shorter at either end, and longer than any _id of ours */
	for (size_t cut = 1; cut < length; cut++)
		ck_assert_ptr_null(cursor_filter(arena, &list, everything,
						 arena_copy(arena, good, length - cut)));
	ck_assert_ptr_null(cursor_filter(arena, &list, everything, good + 1));
	char *long_one = arena_alloc(arena, 2000);
	memset(long_one, 'A', 1999);
	memcpy(long_one, good, length);
	ck_assert_ptr_null(cursor_filter(arena, &list, everything, long_one));
	const char *odd[] = { "", "!", "null", "{}", "AAAA", "====" };
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		ck_assert_ptr_null(cursor_filter(arena, &list, everything, odd[i]));
}
END_TEST

/* Whatever is changed in it, what comes of it is a filter of this list or nothing. */
START_TEST(a_tampered_cursor_leads_out_of_no_list)
{
	struct list_order list = { "tasks", "price", false };
	size_t length;
	uint8_t *bytes = base64url_decode(
		arena, written(&list, DOC(arena, ID("_id", &record), WHOLE("price", 7))),
		strlen(written(&list, DOC(arena, ID("_id", &record), WHOLE("price", 7)))), &length);

	for (size_t at = 0; at < length; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[at] ^= (uint8_t)(1u << bit);
			const bson_t *filter = cursor_filter(
				arena, &list, everything, base64url_encode(arena, bytes, length));
			ck_assert(!filter || strstr(json(filter), ALL));
			bytes[at] ^= (uint8_t)(1u << bit);
		}
}
END_TEST

Suite *suite_cursor(void)
{
	Suite *suite = suite_create("cursor");
	TCase *tests = tcase_create("cursor");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, descending_goes_on_below_and_to_records_without_the_field);
	tcase_add_test(tests, ascending_goes_on_above);
	tcase_add_test(tests, dates_and_fractions_come_back_as_they_were);
	tcase_add_test(tests, a_record_without_the_field_stands_below_all);
	tcase_add_test(tests, an_id_may_be_a_text_as_in_the_journal);
	tcase_add_test(tests, a_cursor_is_good_for_its_list_and_order_alone);
	tcase_add_test(tests, names_of_lists_differ_as_their_parts_do);
	tcase_add_test(tests, anything_else_is_no_cursor);
	tcase_add_test(tests, a_tampered_cursor_leads_out_of_no_list);
	suite_add_tcase(suite, tests);
	return suite;
}
