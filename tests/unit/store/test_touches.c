/* Who may share a transaction with others, without a database. */
#include "store/commit_group.h"
#include "store/doc.h"
#include "store/touches.h"
#include "suites.h"

static struct arena *arena;
static struct touches touches;
static struct txn a, b, c;

static void setup(void)
{
	arena = arena_new();
	touches = (struct touches){ .arena = arena };
	txn_start(&a, arena);
	txn_start(&b, arena);
	txn_start(&c, arena);
}

static void teardown(void)
{
	arena_free(arena);
}

#define ONE "\"_id\": {\"$oid\": \"aaaaaaaaaaaaaaaaaaaaaaaa\"}"
#define OTHER "\"_id\": {\"$oid\": \"bbbbbbbbbbbbbbbbbbbbbbbb\"}"

static uint64_t document(const char *filter)
{
	return touched_as(USERS, doc_parse(arena, filter));
}

/* ---- where ---- */

START_TEST(several_touch_a_document_at_the_same_place)
{
	uint64_t one = document("{" ONE "}"), other = document("{" OTHER "}");

	ck_assert(touches_add(&touches, &a, one, 3));
	ck_assert(touches_add(&touches, &b, one, 3));
	ck_assert(touches_add(&touches, &c, one, 3));
	ck_assert(touches_add(&touches, &b, other, 4));
}
END_TEST

START_TEST(at_another_place_only_who_touches_it_alone)
{
	uint64_t one = document("{" ONE "}"), other = document("{" OTHER "}");

	ck_assert(touches_add(&touches, &a, one, 0));
	ck_assert(!touches_add(&touches, &b, one, 1));
	/* to all others it would have changed between two places */
	ck_assert(touches_add(&touches, &a, one, 2));
	ck_assert(!touches_add(&touches, &b, one, 0));
	ck_assert(!touches_add(&touches, &b, one, 2));

	ck_assert(touches_add(&touches, &a, other, 3));
	ck_assert(touches_add(&touches, &b, other, 3));
	ck_assert(!touches_add(&touches, &a, other, 4));
	ck_assert(!touches_add(&touches, &b, other, 4));
}
END_TEST

START_TEST(there_is_an_end_to_what_a_group_touches)
{
	for (uint64_t i = 1; i <= TOUCHES_MOST; i++)
		ck_assert(touches_add(&touches, &a, i, 0));
	ck_assert(!touches_add(&touches, &a, TOUCHES_MOST + 1, 0));
	ck_assert(touches_add(&touches, &b, 1, 0));
}
END_TEST

/* ---- which document ---- */

START_TEST(a_document_is_one_of_a_collection)
{
	const bson_t *one = doc_parse(arena, "{" ONE "}"), *other = doc_parse(arena, "{" OTHER "}");
	const bson_t *guarded = doc_parse(arena, "{\"role\": \"x\", " ONE "}");
	const bson_t *named = doc_parse(arena, "{\"_id\": \"task:1\"}");

	ck_assert_uint_ne(touched_as(USERS, one), 0);
	ck_assert_uint_eq(touched_as(USERS, one), touched_as(USERS, guarded));
	ck_assert_uint_ne(touched_as(USERS, one), touched_as(USERS, other));
	ck_assert_uint_ne(touched_as(USERS, one), touched_as(TASKS, one));
	ck_assert_uint_ne(touched_as(LEDGER, named), 0);
	ck_assert_uint_eq(touched_as(LEDGER, doc_parse(arena, "{\"_id\": {\"$in\": []}}")), 0);
	ck_assert_uint_eq(touched_as(LEDGER, doc_parse(arena, "{\"_id\": {\"x\": 1}}")), 0);
}
END_TEST

/* ---- who may share ---- */

static void add_update(struct txn *txn, const char *filter)
{
	txn_update(txn, USERS, doc_parse(arena, filter), doc_parse(arena, "{\"$set\": {\"n\": 1}}"),
		   ERR_CONFLICT);
}

static enum err decide_nothing(void *context, struct txn *txn)
{
	(void)context;
	(void)txn;
	return OK;
}

START_TEST(who_names_all_documents_may_share)
{
	add_update(&a, "{" ONE "}");
	txn_update_after(&a, TASKS, doc_parse(arena, "{" ONE "}"),
			 doc_parse(arena, "{\"$set\": {\"n\": 1}}"), ERR_CONFLICT);
	txn_insert(&a, LEDGER, doc_parse(arena, "{\"_id\": \"task:1\"}"), ERR_CONFLICT);
	txn_insert(&a, NOTIFICATIONS, doc_parse(arena, "{\"message\": \"its id is made later\"}"),
		   ERR_CONFLICT);
	txn_then(&a, decide_nothing, NULL);
	ck_assert(commit_may_share(&a));
}
END_TEST

START_TEST(who_does_not_goes_alone)
{
	add_update(&a, "{\"email\": \"x\"}");
	ck_assert(!commit_may_share(&a));
	add_update(&b, "{\"_id\": {\"$in\": []}}");
	ck_assert(!commit_may_share(&b));
	txn_same(&c, TASKS, doc_parse(arena, "{" ONE "}"), ERR_CONFLICT);
	ck_assert(!commit_may_share(&c));
}
END_TEST

START_TEST(a_long_one_goes_alone)
{
	while (a.count < 16)
		add_update(&a, "{" ONE "}");
	ck_assert(commit_may_share(&a));
	add_update(&a, "{" ONE "}");
	ck_assert(!commit_may_share(&a));
}
END_TEST

Suite *suite_touches(void)
{
	Suite *suite = suite_create("touches");
	TCase *tests = tcase_create("groups");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, several_touch_a_document_at_the_same_place);
	tcase_add_test(tests, at_another_place_only_who_touches_it_alone);
	tcase_add_test(tests, there_is_an_end_to_what_a_group_touches);
	tcase_add_test(tests, a_document_is_one_of_a_collection);
	tcase_add_test(tests, who_names_all_documents_may_share);
	tcase_add_test(tests, who_does_not_goes_alone);
	tcase_add_test(tests, a_long_one_goes_alone);
	suite_add_tcase(suite, tests);
	return suite;
}
