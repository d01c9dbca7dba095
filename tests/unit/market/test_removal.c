/* The end of a user, as steps. */
#include "market/removal_private.h"
#include "rule.h"
#include "suites.h"

#define NOTHING_OPEN                                                                    \
	"\"open_tasks\": {\"$not\": {\"$gt\": 0}}, \"pending_submissions\": "           \
	"{\"$not\": {\"$gt\": 0}}, \"pending_withdrawals\": {\"$not\": {\"$gt\": 0}}, " \
	"\"pending_coins\": {\"$not\": {\"$gt\": 0}}"

static void end(const char *coins, int64_t forfeited)
{
	rule_caller(ADMIN, ROLE_ADMIN);
	removal_end_plan(&rule.call,
			 rule_doc(arena_printf(rule.arena,
					       "{\"_id\": " OID(WORKER) ", \"coins\": %s}", coins)),
			 "forfeit:" WORKER, forfeited, &rule.txn);
}

START_TEST(a_user_goes_with_the_coins_that_were_read_and_these_are_forfeited)
{
	end("30", 30);
	ck_assert_uint_eq(rule.txn.count, 3);
	rule_remove(0, USERS,
		    "{\"_id\": " OID(
			    WORKER) ", \"closing\": true, \"coins\": {\"$eq\": 30}, " NOTHING_OPEN
				    "}",
		    ERR_CONFLICT);
	rule_row(1, "forfeit:" WORKER,
		 "\"from\": \"user:" WORKER
		 "\", \"to\": \"forfeits\", \"coins\": 30, \"kind\": \"forfeit\", "
		 "\"user\": " OID(WORKER),
		 ERR_ALREADY_PROCESSED);
	ck_assert(doc_date(rule_insert(2, META, ERR_CONFLICT), "removed_at", 0) > 0);
}
END_TEST

START_TEST(who_has_nothing_forfeits_nothing)
{
	end("0", 0);
	ck_assert_uint_eq(rule.txn.count, 2);
	rule_insert(1, META, ERR_CONFLICT);
}
END_TEST

START_TEST(of_a_restored_user_only_what_the_books_have_is_forfeited)
{
	end("30", 4);
	rule_remove(0, USERS,
		    "{\"_id\": " OID(
			    WORKER) ", \"closing\": true, \"coins\": {\"$eq\": 30}, " NOTHING_OPEN
				    "}",
		    ERR_CONFLICT);
	ck_assert_int_eq(doc_whole(rule_insert(1, LEDGER, ERR_ALREADY_PROCESSED), "coins", 0), 4);
}
END_TEST

Suite *suite_removal(void)
{
	Suite *suite = suite_create("removal");
	TCase *tests = tcase_create("end");

	tcase_add_checked_fixture(tests, rule_setup, rule_teardown);
	tcase_add_test(tests, a_user_goes_with_the_coins_that_were_read_and_these_are_forfeited);
	tcase_add_test(tests, who_has_nothing_forfeits_nothing);
	tcase_add_test(tests, of_a_restored_user_only_what_the_books_have_is_forfeited);
	suite_add_tcase(suite, tests);
	return suite;
}
