/* What becomes of old users, and of the coins that their withdrawals held. */
#include "plan.h"
#include "suites.h"

#define USER(rest) "{\"_id\": " OID(WORKER) ", \"email\": \"Ann@example.com\", " rest ", " MADE "}"
#define OPENED(coins)                                                            \
	"\"from\": \"opening\", \"to\": \"user:" WORKER "\", \"coins\": " #coins \
	", \"kind\": \"opening\", \"user\": " OID(WORKER)

START_TEST(an_ordinary_user_keeps_the_coins_and_the_journal_opens_with_them)
{
	struct record *user = planned(&users_pass, USER("\"role\": \"worker\", \"coins\": 120"));

	comes_with(user, 1);
	rule_row(0, "opening:user:" WORKER, OPENED(120), ERR_CONFLICT);
	sets(user, "{\"coins\": 120, \"pending_coins\": 0, \"open_tasks\": 0, "
		   "\"pending_submissions\": 0, \"pending_withdrawals\": 0, "
		   "\"email_key\": \"ann@example.com\", \"adopted\": 1}");
	leaves(user, "role");
	leaves(user, "email");
	noted(user, RULE_USER_OPENED);
	ck_assert_int_eq(user->notes[0].coins, 120);
}
END_TEST

START_TEST(coins_that_cannot_be_are_0_and_fractions_go)
{
	struct record *poor = planned(&users_pass, USER("\"role\": \"worker\", \"coins\": -5"));

	comes_with(poor, 0);
	sets(poor, "{\"coins\": 0}");
	noted(poor, RULE_USER_COINS_BAD);
	struct record *odd = planned(&users_pass, USER("\"role\": \"worker\", \"coins\": 7.9"));

	comes_with(odd, 1);
	rule_row(0, "opening:user:" WORKER, OPENED(7), ERR_CONFLICT);
	sets(odd, "{\"coins\": 7}");
	noted(odd, RULE_USER_COINS_FLOORED, RULE_USER_OPENED);
}
END_TEST

START_TEST(a_role_is_folded_or_a_workers_where_there_is_none)
{
	struct record *none = planned(&users_pass, USER("\"coins\": 0"));
	struct record *loud = planned(&users_pass, USER("\"role\": \" Buyer\", \"coins\": 0"));
	struct record *king = planned(&users_pass, USER("\"role\": \"king\", \"coins\": 0"));

	sets(none, "{\"role\": \"worker\"}");
	noted(none, RULE_USER_ROLE_SET);
	sets(loud, "{\"role\": \"buyer\"}");
	noted(loud, RULE_USER_ROLE_FOLDED);
	leaves(king, "role");
	noted(king, RULE_USER_ROLE_UNKNOWN);
}
END_TEST

START_TEST(of_one_address_in_two_cases_the_oldest_has_the_key)
{
	user_known("{\"_id\": " OID(ADMIN) ", \"email\": \"ANN@example.com\", \"createdAt\": " NOW
					   "}");
	struct record *younger = planned(
		&users_pass,
		"{\"_id\": " OID(ADMIN) ", \"email\": \"ANN@example.com\", \"role\": \"worker\", "
					"\"coins\": 0, " MADE "}");
	struct record *older = planned(&users_pass, USER("\"role\": \"worker\", \"coins\": 0"));

	leaves(younger, "email_key");
	noted(younger, RULE_USER_EMAIL_SHARED);
	sets(older, "{\"email_key\": \"ann@example.com\"}");
	noted_none(older);
}
END_TEST

START_TEST(whom_the_journal_knows_is_not_opened_again)
{
	journal_known("user:" WORKER);
	struct record *user = planned(
		&users_pass, USER("\"role\": \"worker\", \"coins\": 9, \"pending_coins\": 3, "
				  "\"pending_withdrawals\": 1"));

	comes_with(user, 0);
	sets(user, "{\"coins\": 9, \"pending_coins\": 3}");
	noted(user, RULE_USER_KNOWN);
}
END_TEST

START_TEST(who_has_another_address_by_now_waits_for_the_next_look)
{
	struct record *user =
		planned(&users_pass, "{\"_id\": " OID(WORKER) ", \"email\": \"x@y.z\"}");

	ck_assert_uint_eq(user->txn.count, 0);
}
END_TEST

START_TEST(whom_no_call_can_name_has_no_coins)
{
	struct record *user = planned(
		&users_pass, "{\"_id\": \"odd\", \"email\": \"o@example.com\", \"coins\": 5, "
			     "\"role\": \"worker\", " MADE "}");

	comes_with(user, 0);
	sets(user, "{\"coins\": 0, \"pending_coins\": 0}");
	leaves(user, "email_key");
	noted(user, RULE_USER_ID_ODD);
}
END_TEST

/* ---- what their withdrawals hold ---- */

#define ASKED(coins, status)                                                                  \
	"{\"_id\": " OID(WITHDRAWAL) ", \"worker_email\": \"Ann@example.com\", "              \
				     "\"withdrawal_coin\": " #coins ", \"status\": \"" status \
				     "\", \"createdAt\": " EARLIER "}"
#define UNCHANGED(coins)                                                      \
	"{\"_id\": " OID(WITHDRAWAL) ", \"status\": {\"$eq\": \"pending\"}, " \
				     "\"withdrawal_coin\": {\"$eq\": " #coins "}}"

static struct record *user_with(const char *user, const char *withdrawal)
{
	struct record *record = read_by(&users_pass, user);

	holding_add(&batch, rule_doc(withdrawal));
	plan(record);
	return record;
}

START_TEST(a_pending_withdrawal_holds_pending_coins_and_then_coins)
{
	struct record *user =
		user_with(USER("\"role\": \"worker\", \"coins\": 100, \"pending_coins\": 30"),
			  ASKED(50, "pending"));

	comes_with(user, 3);
	rule_update(0, WITHDRAWALS, UNCHANGED(50), "{\"$set\": {\"withdrawal_coin\": 50}}",
		    ERR_CONFLICT);
	rule_row(1, "hold:" WITHDRAWAL,
		 "\"from\": \"user:" WORKER "\", \"to\": \"held:" WITHDRAWAL
		 "\", \"coins\": 50, \"kind\": \"hold\", \"user\": " OID(WORKER),
		 ERR_CONFLICT);
	rule_row(2, "opening:user:" WORKER, OPENED(130), ERR_CONFLICT);
	sets(user, "{\"coins\": 80, \"pending_coins\": 50, \"pending_withdrawals\": 1}");
	noted(user, RULE_WITHDRAWAL_HELD, RULE_WITHDRAWAL_FROM_COINS, RULE_USER_OPENED);
	ck_assert_int_eq(user->notes[1].coins, 20);
}
END_TEST

START_TEST(one_that_is_not_covered_is_rejected_and_its_worker_told)
{
	struct record *user =
		user_with(USER("\"role\": \"worker\", \"coins\": 10"), ASKED(500, "pending"));

	comes_with(user, 3);
	rule_update(0, WITHDRAWALS, UNCHANGED(500),
		    "{\"$set\": {\"status\": \"rejected\", "
		    "\"rejection_reason\": \"Your balance does not cover it.\", "
		    "\"processed_date\": " NOW ", \"updatedAt\": " NOW "}}",
		    ERR_CONFLICT);
	rule_notification(
		1, WORKER,
		"Your withdrawal of 500 coins was rejected. Reason: Your balance does not cover "
		"it.");
	rule_row(2, "opening:user:" WORKER, OPENED(10), ERR_CONFLICT);
	sets(user, "{\"coins\": 10, \"pending_coins\": 0, \"pending_withdrawals\": 0}");
	noted(user, RULE_WITHDRAWAL_NOT_COVERED, RULE_USER_OPENED);
}
END_TEST

START_TEST(pending_coins_of_an_approved_one_are_gone_and_the_rest_goes_back)
{
	struct record *user =
		user_with(USER("\"role\": \"worker\", \"coins\": 1, \"pending_coins\": 70"),
			  ASKED(40, "approved"));

	comes_with(user, 1);
	sets(user, "{\"coins\": 31, \"pending_coins\": 0, \"pending_withdrawals\": 0}");
	noted(user, RULE_USER_PENDING_SPENT, RULE_USER_PENDING_BACK, RULE_USER_OPENED);
	ck_assert_int_eq(user->notes[0].coins, 40);
}
END_TEST

START_TEST(one_that_was_asked_for_with_us_is_held_already)
{
	journal_known("hold:" WITHDRAWAL);
	journal_known("user:" WORKER);
	struct record *user =
		user_with(USER("\"role\": \"worker\", \"coins\": 60, \"pending_coins\": 40, "
			       "\"pending_withdrawals\": 1"),
			  ASKED(40, "pending"));

	comes_with(user, 0);
	sets(user, "{\"coins\": 60, \"pending_coins\": 40, \"pending_withdrawals\": 1}");
	noted(user, RULE_USER_KNOWN);
}
END_TEST

Suite *suite_adoption_users(void)
{
	Suite *suite = suite_create("adoption_users");
	TCase *tcase = tcase_create("plan");

	tcase_add_checked_fixture(tcase, plan_setup, plan_teardown);
	tcase_add_test(tcase, an_ordinary_user_keeps_the_coins_and_the_journal_opens_with_them);
	tcase_add_test(tcase, coins_that_cannot_be_are_0_and_fractions_go);
	tcase_add_test(tcase, a_role_is_folded_or_a_workers_where_there_is_none);
	tcase_add_test(tcase, of_one_address_in_two_cases_the_oldest_has_the_key);
	tcase_add_test(tcase, whom_the_journal_knows_is_not_opened_again);
	tcase_add_test(tcase, who_has_another_address_by_now_waits_for_the_next_look);
	tcase_add_test(tcase, whom_no_call_can_name_has_no_coins);
	tcase_add_test(tcase, a_pending_withdrawal_holds_pending_coins_and_then_coins);
	tcase_add_test(tcase, one_that_is_not_covered_is_rejected_and_its_worker_told);
	tcase_add_test(tcase, pending_coins_of_an_approved_one_are_gone_and_the_rest_goes_back);
	tcase_add_test(tcase, one_that_was_asked_for_with_us_is_held_already);
	suite_add_tcase(suite, tcase);
	return suite;
}
