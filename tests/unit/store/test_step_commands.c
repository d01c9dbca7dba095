/* Which steps travel in one command: of one transaction, and of several in lock step. */
#include "store/doc.h"
#include "store/step_commands.h"
#include "store/touches.h"
#include "suites.h"

static struct arena *arena;
static struct txn txns[3];
static struct item items[6];

static void setup(void)
{
	arena = arena_new();
	for (size_t i = 0; i < 3; i++)
		txn_start(&txns[i], arena);
}

static void teardown(void)
{
	arena_free(arena);
}

#define ONE "{\"_id\": {\"$oid\": \"aaaaaaaaaaaaaaaaaaaaaaaa\"}}"
#define OTHER "{\"_id\": {\"$oid\": \"bbbbbbbbbbbbbbbbbbbbbbbb\"}}"
#define SET "{\"$set\": {\"n\": 1}}"

/* The steps of the first `count` transactions, which have as many each. */
static size_t together(size_t count)
{
	size_t places = txns[0].count;

	for (size_t i = 0; i < places * count; i++) {
		struct txn *txn = &txns[i % count];
		struct step *step = &txn->steps[i / count];

		items[i] = (struct item){ .txn = txn, .step = step, .place = i / count };
		touched_by(step, &items[i].touched);
	}
	return items_together(items, places * count);
}

static void update(size_t txn, const char *filter)
{
	txn_update(&txns[txn], USERS, doc_parse(arena, filter), doc_parse(arena, SET),
		   ERR_CONFLICT);
}

static void update_after(size_t txn, const char *filter)
{
	txn_update_after(&txns[txn], USERS, doc_parse(arena, filter), doc_parse(arena, SET),
			 ERR_CONFLICT);
}

static void assert_json(const bson_t *doc, const char *json)
{
	char *is = bson_as_relaxed_extended_json(doc, NULL);
	char *should = bson_as_relaxed_extended_json(doc_parse(arena, json), NULL);

	ck_assert_str_eq(is, should);
	bson_free(is);
	bson_free(should);
}

START_TEST(of_one_transaction_neighbouring_inserts_alone)
{
	for (int i = 0; i < 2; i++)
		txn_insert(&txns[0], LEDGER, doc_parse(arena, ONE), ERR_CONFLICT);
	txn_insert(&txns[0], TASKS, doc_parse(arena, ONE), ERR_CONFLICT);
	ck_assert_uint_eq(together(1), 2);
	update(1, ONE);
	update(1, OTHER);
	txns[0] = txns[1];
	ck_assert_uint_eq(together(1), 1);
	txns[0].together = true;
	ck_assert_uint_eq(together(1), 2);
}
END_TEST

START_TEST(of_several_what_they_have_at_the_same_place)
{
	for (size_t i = 0; i < 3; i++) {
		update(i, ONE);
		update(i, OTHER);
	}
	ck_assert_uint_eq(together(3), 3);
}
END_TEST

/* Else an image would be that of somebody who comes later. */
START_TEST(an_image_is_read_before_others_change_the_document_again)
{
	update_after(0, ONE);
	update_after(1, OTHER);
	update_after(2, ONE);
	ck_assert_uint_eq(together(3), 2);
	assert_json(images_command(arena, items, 2),
		    "{\"find\": \"users\", \"filter\": {\"_id\": {\"$in\": [{\"$oid\": "
		    "\"aaaaaaaaaaaaaaaaaaaaaaaa\"}, {\"$oid\": \"bbbbbbbbbbbbbbbbbbbbbbbb\"}]}}, "
		    "\"batchSize\": 2, \"singleBatch\": true}");
	txn_update_before(&txns[0], USERS, doc_parse(arena, ONE), doc_parse(arena, SET),
			  ERR_CONFLICT);
	items[0].step = &txns[0].steps[1];
	ck_assert_uint_eq(items_together(items, 3), 1);
}
END_TEST

Suite *suite_step_commands(void)
{
	Suite *suite = suite_create("step_commands");
	TCase *tests = tcase_create("together");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, of_one_transaction_neighbouring_inserts_alone);
	tcase_add_test(tests, of_several_what_they_have_at_the_same_place);
	tcase_add_test(tests, an_image_is_read_before_others_change_the_document_again);
	suite_add_tcase(suite, tests);
	return suite;
}
