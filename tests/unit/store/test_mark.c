/* The mark of our books: who bears it, which steps ask for it, and which unique indexes of others refuse what we
 * write. */
#include "store/mark.h"
#include "suites.h"

#include "store/doc.h"
#include "store/indexes.h"
#include "store/txn.h"

static struct arena *arena;
static struct txn txn;
static const struct id someone = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

static void setup(void)
{
	arena = arena_new();
	txn_start(&txn, arena);
}

static void teardown(void)
{
	arena_free(arena);
}

static const struct step *last(void)
{
	return &txn.steps[txn.count - 1];
}

static const bson_t *one(void)
{
	return DOC(arena, ID("_id", &someone));
}

PROMISE("2 The books", "Whatever the service writes is marked as its own")
START_TEST(what_is_inserted_bears_the_mark)
{
	for (int in = 0; in < MARKED_COUNT; in++) {
		txn_insert(&txn, (enum collection)in, one(), ERR_CONFLICT);
		ck_assert(is_marked(last()->doc));
	}
	txn_insert(&txn, LEDGER, one(), ERR_CONFLICT);
	ck_assert(!bson_has_field(last()->doc, MARK));
	ck_assert(!is_marked(one()));
}
END_TEST

PROMISE("2 The books", "Whatever the service writes is marked as its own")
START_TEST(what_is_changed_or_removed_must_bear_it_unless_the_step_says_otherwise)
{
	for (int in = 0; in < MARKED_COUNT; in++) {
		txn_update(&txn, (enum collection)in, one(), one(), ERR_CONFLICT);
		ck_assert(bson_has_field(last()->filter, MARK));
		txn_update_after(&txn, (enum collection)in, one(), one(), ERR_CONFLICT);
		ck_assert(bson_has_field(last()->filter, MARK));
		txn_remove(&txn, (enum collection)in, one(), ERR_CONFLICT);
		ck_assert(bson_has_field(last()->filter, MARK));
		txn_of_any(&txn);
		ck_assert(bson_equal(last()->filter, one()));
	}
	txn_update(&txn, META, one(), one(), ERR_CONFLICT);
	ck_assert(!bson_has_field(last()->filter, MARK));
}
END_TEST

static const struct {
	enum collection in;
	const char *index; /* as the server tells it */
	bool refuses;
} indexes[] = {
	{ USERS, "{\"name\": \"_id_\", \"key\": {\"_id\": 1}, \"unique\": true}", false },
	{ USERS, "{\"name\": \"email_1\", \"key\": {\"email\": 1}, \"unique\": true}", false },
	{ USERS, "{\"name\": \"email_1\", \"key\": {\"email\": -1.0}, \"unique\": true}", false },
	{ USERS, "{\"name\": \"email_1\", \"key\": {\"email\": \"hashed\"}, \"unique\": true}",
	  true },
	{ USERS,
	  "{\"name\": \"e\", \"key\": {\"email\": 1}, \"unique\": true,"
	  " \"collation\": {\"locale\": \"en\"}}",
	  true },
	{ USERS, "{\"name\": \"email_key\", \"key\": {\"email_key\": 1}, \"unique\": true}",
	  false },
	{ USERS, "{\"name\": \"googleId_1\", \"key\": {\"googleId\": 1}, \"unique\": true}", true },
	{ USERS,
	  "{\"name\": \"g\", \"key\": {\"googleId\": 1}, \"unique\": true, \"sparse\": true}",
	  false },
	{ USERS,
	  "{\"name\": \"g\", \"key\": {\"googleId\": 1}, \"unique\": true,"
	  " \"partialFilterExpression\": {\"role\": \"worker\"}}",
	  true },
	{ USERS, "{\"name\": \"googleId_1\", \"key\": {\"googleId\": 1}}", false },
	{ PAYMENTS, "{\"name\": \"t\", \"key\": {\"transaction_id\": 1}, \"unique\": true}", true },
	{ PAYMENTS, "{\"name\": \"e\", \"key\": {\"email\": 1}, \"unique\": true}", true },
	{ PAYMENTS,
	  "{\"name\": \"b\", \"key\": {\"buyer_email\": 1, \"_id\": 1}, \"unique\": true}", false },
	{ SUBMISSIONS, "{\"name\": \"created\", \"key\": {\"createdAt\": 1}, \"unique\": true}",
	  true },
};

PROMISE("10 What becomes of old data",
	"Unique indexes that are not ours and would refuse what this service writes dropped, and named")
START_TEST(unique_indexes_of_others_that_may_refuse_what_we_write_are_told)
{
	const bson_t *index = doc_parse(arena, indexes[_i].index);

	ck_assert_msg(index_refuses(arena, indexes[_i].in, index) == indexes[_i].refuses, "%s",
		      indexes[_i].index);
}
END_TEST

Suite *suite_mark(void)
{
	Suite *suite = suite_create("mark");
	TCase *tests = tcase_create("mark");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_inserted_bears_the_mark);
	tcase_add_test(tests,
		       what_is_changed_or_removed_must_bear_it_unless_the_step_says_otherwise);
	tcase_add_loop_test(tests, unique_indexes_of_others_that_may_refuse_what_we_write_are_told,
			    0, sizeof indexes / sizeof *indexes);
	suite_add_tcase(suite, tests);
	return suite;
}
