/* Whom a kept answer shows, and the change that takes one of them out of it. */
#include "store/claim_people.h"
#include "suites.h"

#include "store/doc.h"

#include <string.h>

#define ADA "aaaaaaaaaaaaaaaaaaaaaaaa"
#define BEA "bbbbbbbbbbbbbbbbbbbbbbbb"

static struct arena *arena;
static struct txn txn;
static struct id ada, bea;

static void setup(void)
{
	arena = arena_new();
	txn_start(&txn, arena);
	id_parse(ADA, ID_HEX_LENGTH, &ada);
	id_parse(BEA, ID_HEX_LENGTH, &bea);
}

static void teardown(void)
{
	arena_free(arena);
}

static bool is_among(const struct id *id)
{
	const bson_t *people = claim_people(&txn);
	bson_iter_t at;

	bson_iter_init(&at, people);
	while (bson_iter_next(&at))
		if (bson_oid_equal(bson_iter_oid(&at), doc_oid(id)))
			return true;
	return false;
}

START_TEST(each_person_of_each_record_is_noted)
{
	txn_insert(&txn, SUBMISSIONS, DOC(arena, ID("worker_id", &ada), ID("buyer_id", &bea)),
		   ERR_CONFLICT);
	ck_assert(is_among(&ada) && is_among(&bea));
}
END_TEST

START_TEST(a_user_who_was_changed_is_noted)
{
	txn_update_after(&txn, USERS, DOC(arena, ID("_id", &ada)), DOC(arena, NULL), ERR_CONFLICT);
	ck_assert(!is_among(&ada));
	txn.steps[0].found = DOC(arena, ID("_id", &ada));
	ck_assert(is_among(&ada));
}
END_TEST

START_TEST(who_is_told_or_entered_in_the_journal_is_not)
{
	txn_insert(&txn, NOTIFICATIONS, DOC(arena, ID("user_id", &ada)), ERR_CONFLICT);
	txn_insert(&txn, LEDGER, DOC(arena, ID("user", &ada), ID("buyer_id", &ada)), ERR_CONFLICT);
	ck_assert(!is_among(&ada));
}
END_TEST

static const bson_t *answer(const char *body)
{
	return DOC(arena, INT("_id", 7),
		   PAIR("body", BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)body,
					 (uint32_t)strlen(body))));
}

/* The body that a kept answer gets when somebody is removed; NULL: it stays as it is. */
static const char *body_after(const char *body, const struct id *gone)
{
	struct db_update update = claim_forget(arena, answer(body), gone);
	const uint8_t *bytes;
	uint32_t length;
	bson_iter_t at, found;
	bson_t pull;

	ck_assert(doc_part(update.change, "$pull", &pull) && bson_has_field(&pull, "people"));
	if (!bson_iter_init(&at, update.change) ||
	    !bson_iter_find_descendant(&at, "$set.body", &found))
		return NULL;
	bson_iter_binary(&found, NULL, &length, &bytes);
	return arena_copy(arena, bytes, length);
}

START_TEST(whoever_goes_is_taken_out_of_each_record_that_is_theirs)
{
	ck_assert_str_eq(
		body_after("{\"submission\":{\"worker_id\":\"" ADA "\",\"worker_name\":\"Ada\","
			   "\"worker_email\":\"a@x\",\"buyer_id\":\"" BEA
			   "\",\"buyer_name\":\"Bea\"},"
			   "\"user\":{\"_id\":\"" ADA "\",\"name\":\"Ada\",\"photoURL\":\"p\"},"
			   "\"newBalance\":10}",
			   &ada),
		"{\"submission\":{\"worker_id\":\"" ADA "\",\"worker_name\":\"Deleted user\","
		"\"worker_email\":\"deleted-" ADA "@invalid\",\"buyer_id\":\"" BEA
		"\",\"buyer_name\":\"Bea\"},"
		"\"user\":{\"_id\":\"" ADA "\",\"name\":\"Deleted user\",\"photoURL\":\"\"},"
		"\"newBalance\":10}");
}
END_TEST

START_TEST(an_account_number_stays_as_in_the_record)
{
	const char *after = body_after("{\"worker_id\":\"" ADA "\",\"worker_name\":\"Ada\","
				       "\"account_number\":\"017\"}",
				       &ada);

	ck_assert_ptr_nonnull(strstr(after, "\"account_number\":\"017\""));
}
END_TEST

START_TEST(an_answer_without_them_stays_as_it_is)
{
	ck_assert_ptr_null(body_after("{\"buyer_id\":\"" BEA "\",\"buyer_name\":\"Ada\"}", &ada));
	ck_assert_ptr_null(body_after("{\"message\":\"Done.\"}", &ada));
	ck_assert_ptr_null(body_after("", &ada));
}
END_TEST

START_TEST(an_answer_that_another_removal_changes_meanwhile_is_not_found)
{
	const bson_t *kept = answer("{\"worker_id\":\"" ADA "\",\"worker_name\":\"Ada\"}");
	const bson_t *filter = claim_forget(arena, kept, &ada).filter;

	ck_assert_int_eq(bson_count_keys(filter), 2);
	ck_assert(bson_has_field(filter, "_id") && bson_has_field(filter, "body"));
}
END_TEST

Suite *suite_claim_people(void)
{
	Suite *suite = suite_create("claim_people");
	TCase *tests = tcase_create("people");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, each_person_of_each_record_is_noted);
	tcase_add_test(tests, a_user_who_was_changed_is_noted);
	tcase_add_test(tests, who_is_told_or_entered_in_the_journal_is_not);
	tcase_add_test(tests, whoever_goes_is_taken_out_of_each_record_that_is_theirs);
	tcase_add_test(tests, an_account_number_stays_as_in_the_record);
	tcase_add_test(tests, an_answer_without_them_stays_as_it_is);
	tcase_add_test(tests, an_answer_that_another_removal_changes_meanwhile_is_not_found);
	suite_add_tcase(suite, tests);
	return suite;
}
