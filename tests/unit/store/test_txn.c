/* Transactions as values: which steps fold into one, and which must not. */
#include "store/doc.h"
#include "store/mark.h"
#include "store/txn.h"
#include "suites.h"

static struct arena *arena;
static struct txn txn;

static void setup(void)
{
	arena = arena_new();
	txn_start(&txn, arena);
}

static void teardown(void)
{
	arena_free(arena);
}

#define ONE "\"_id\": {\"$oid\": \"aaaaaaaaaaaaaaaaaaaaaaaa\"}"
#define OTHER "\"_id\": {\"$oid\": \"bbbbbbbbbbbbbbbbbbbbbbbb\"}"

static void update(const char *filter, const char *change)
{
	txn_update(&txn, USERS, doc_parse(arena, filter), doc_parse(arena, change), ERR_CONFLICT);
}

static void assert_json(const bson_t *doc, const char *json)
{
	char *is = bson_as_relaxed_extended_json(doc, NULL);
	char *should = bson_as_relaxed_extended_json(doc_parse(arena, json), NULL);

	ck_assert_str_eq(is, should);
	bson_free(is);
	bson_free(should);
}

START_TEST(numbers_are_added_up_and_guards_joined)
{
	update("{" ONE ", \"role\": \"x\"}",
	       "{\"$set\": {\"a\": 1}, \"$inc\": {\"n\": 2, \"m\": 1}}");
	update("{" ONE ", \"role\": \"x\", \"c\": {\"$gt\": 0}}",
	       "{\"$inc\": {\"n\": -5, \"k\": 3}}");
	ck_assert_uint_eq(txn.count, 1);
	assert_json(txn.steps[0].of_any, "{" ONE ", \"role\": \"x\", \"c\": {\"$gt\": 0}}");
	assert_json(txn.steps[0].filter,
		    "{" ONE ", \"role\": \"x\", \"c\": {\"$gt\": 0}, \"" MARK "\": {\"$gt\": 0}}");
	assert_json(txn.steps[0].change,
		    "{\"$set\": {\"a\": 1}, \"$inc\": {\"n\": -3, \"m\": 1, \"k\": 3}}");
}
END_TEST

/* After a step that adds 1 to n of the one document, where c is 1. */
static const struct {
	const char *filter, *change;
	enum collection in;
	enum err on_miss;
} apart[] = {
	{ "{" OTHER "}", "{\"$inc\": {\"n\": 1}}", USERS, ERR_CONFLICT },
	{ "{" ONE "}", "{\"$inc\": {\"n\": 1}}", TASKS, ERR_CONFLICT },
	{ "{" ONE "}", "{\"$inc\": {\"n\": 1}}", USERS, ERR_NOT_FOUND },
	{ "{" ONE ", \"c\": 2}", "{\"$inc\": {\"n\": 1}}", USERS, ERR_CONFLICT },
	{ "{" ONE "}", "{\"$set\": {\"n\": 1}}", USERS, ERR_CONFLICT },
	{ "{\"c\": 1}", "{\"$inc\": {\"n\": 1}}", USERS, ERR_CONFLICT },
};

START_TEST(what_says_something_else_stays_a_step_of_its_own)
{
	update("{" ONE ", \"c\": 1}", "{\"$inc\": {\"n\": 1}}");
	txn_update(&txn, apart[_i].in, doc_parse(arena, apart[_i].filter),
		   doc_parse(arena, apart[_i].change), apart[_i].on_miss);
	ck_assert_uint_eq(txn.count, 2);
}
END_TEST

/* Of two that take coins each asks for its own: a guard means the document as the step before leaves it. */
START_TEST(a_guard_about_what_the_step_before_changes_is_not_asked_before_it)
{
	update("{" ONE ", \"c\": {\"$gte\": 5}}", "{\"$inc\": {\"c\": -5}}");
	update("{" ONE ", \"c\": {\"$gte\": 5}}", "{\"$inc\": {\"c\": -5}}");
	ck_assert_uint_eq(txn.count, 2);
	update("{" ONE ", \"s\": \"a\"}", "{\"$set\": {\"s\": \"b\"}}");
	update("{" ONE ", \"s\": \"b\"}", "{\"$inc\": {\"n\": 1}}");
	ck_assert_uint_eq(txn.count, 4);
	assert_json(txn.steps[0].change, "{\"$inc\": {\"c\": -5}}");
}
END_TEST

START_TEST(nothing_folds_into_stages_nor_into_what_is_set_nor_into_what_was_read_before)
{
	bson_t *one = doc_parse(arena, "{" ONE "}"),
	       *add = doc_parse(arena, "{\"$inc\": {\"n\": 1}}");

	txn_update(&txn, USERS, one, doc_parse(arena, "{\"0\": {\"$set\": {\"n\": 1}}}"),
		   ERR_CONFLICT);
	txn_update(&txn, USERS, one, add, ERR_CONFLICT);
	ck_assert_uint_eq(txn.count, 2);
	txn_update(&txn, TASKS, one, doc_parse(arena, "{\"$set\": {\"n\": 1}}"), ERR_CONFLICT);
	txn_update(&txn, TASKS, one, add, ERR_CONFLICT);
	ck_assert_uint_eq(txn.count, 4);
	txn_update_before(&txn, PAYMENTS, one, add, ERR_CONFLICT);
	txn_update(&txn, PAYMENTS, one, add, ERR_CONFLICT);
	ck_assert_uint_eq(txn.count, 6);
}
END_TEST

START_TEST(what_has_run_takes_no_more)
{
	update("{" ONE "}", "{\"$inc\": {\"n\": 1}}");
	txn.ran = 1;
	update("{" ONE "}", "{\"$inc\": {\"n\": 1}}");
	update("{" ONE "}", "{\"$inc\": {\"n\": 1}}");
	ck_assert_uint_eq(txn.count, 2);
	assert_json(txn.steps[0].change, "{\"$inc\": {\"n\": 1}}");
	assert_json(txn.steps[1].change, "{\"$inc\": {\"n\": 2}}");
}
END_TEST

START_TEST(a_document_that_is_made_is_made_with_what_is_added)
{
	txn_insert(&txn, USERS, doc_parse(arena, "{" ONE ", \"n\": 1, \"t\": \"x\"}"),
		   ERR_CONFLICT);
	update("{" ONE "}", "{\"$inc\": {\"n\": 4}}");
	ck_assert_uint_eq(txn.count, 1);
	ck_assert_int_eq(doc_whole(txn.steps[0].doc, "n", 0), 5);
	ck_assert_str_eq(doc_text(txn.steps[0].doc, "t"), "x");
	ck_assert(is_marked(txn.steps[0].doc));
	txn_update_after(&txn, USERS, doc_parse(arena, "{" ONE "}"),
			 doc_parse(arena, "{\"$inc\": {\"n\": 0}}"), ERR_CONFLICT);
	ck_assert_uint_eq(txn.count, 1);
	/* what is inserted is known: it is no look */
	ck_assert_int_eq(txn.steps[0].read, READ_NOTHING);
	update("{" ONE ", \"n\": 5}", "{\"$inc\": {\"n\": 4}}");
	ck_assert_uint_eq(txn.count, 2);
}
END_TEST

Suite *suite_txn(void)
{
	Suite *suite = suite_create("txn");
	TCase *tests = tcase_create("folding");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, numbers_are_added_up_and_guards_joined);
	tcase_add_loop_test(tests, what_says_something_else_stays_a_step_of_its_own, 0,
			    sizeof apart / sizeof *apart);
	tcase_add_test(tests, a_guard_about_what_the_step_before_changes_is_not_asked_before_it);
	tcase_add_test(
		tests,
		nothing_folds_into_stages_nor_into_what_is_set_nor_into_what_was_read_before);
	tcase_add_test(tests, what_has_run_takes_no_more);
	tcase_add_test(tests, a_document_that_is_made_is_made_with_what_is_added);
	suite_add_tcase(suite, tests);
	return suite;
}
