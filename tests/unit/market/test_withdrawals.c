/* Asking for money and deciding about it, as steps. */
#include "market/withdrawals.h"
#include "rule.h"
#include "suites.h"

static const char pending_json[] = "{\"_id\": " OID(WITHDRAWAL) ", \"worker_id\": " OID(
	WORKER) ", \"worker_email\": \"w@example.com\", \"withdrawal_coin\": 410, "
		"\"status\": \"pending\"}";

START_TEST(asking_holds_the_coins_and_tells_every_admin)
{
	const struct withdrawal_input input = { .withdrawal_coin = { .given = true, .value = 410 },
						.payment_system = "Bkash",
						.account_number = "0171" };
	const bson_t *list[] = { rule_doc(
					 "{\"_id\": " OID(ADMIN) ", \"email\": \"a@example.com\"}"),
				 rule_doc("{\"_id\": " OID(BUYER) "}") };
	const struct admins admins = { .list = list, .count = 2 };

	rule_caller(WORKER, ROLE_WORKER);
	withdrawal_create_plan(&rule.call, &input, &admins, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 5);
	rule_update(
		0, USERS,
		"{\"_id\": " OID(
			WORKER) ", " NOT_CLOSING
				", \"role\": \"worker\", \"coins\": {\"$gte\": 410}, " OWING_NOTHING
				"}",
		"{\"$inc\": {\"pending_withdrawals\": 1, \"coins\": -410, "
		"\"pending_coins\": 410}}",
		ERR_INSUFFICIENT_COINS);
	struct id id = doc_own_id(rule_insert(2, WITHDRAWALS, ERR_INTERNAL));
	const char *hex = id_text(rule.arena, &id);
	rule_row(1, arena_printf(rule.arena, "hold:%s", hex),
		 arena_printf(rule.arena,
			      "\"from\": \"user:" WORKER
			      "\", \"to\": \"held:%s\", \"coins\": 410, \"kind\": \"hold\", "
			      "\"user\": " OID(WORKER),
			      hex),
		 ERR_ALREADY_PROCESSED);
	rule_notification(3, ADMIN, "A worker asks to withdraw 410 coins ($20.50).");
	rule_notification(4, BUYER, "A worker asks to withdraw 410 coins ($20.50).");
}
END_TEST

static enum err decide(const char *withdrawal, bool approve)
{
	const struct withdrawal_decision decision = { .approve = approve };

	rule_caller(ADMIN, ROLE_ADMIN);
	return withdrawal_decide_plan(&rule.call, rule_doc(withdrawal), &decision, &rule.txn);
}

static void assert_decided(const char *status)
{
	rule_update(0, WITHDRAWALS, "{\"_id\": " OID(WITHDRAWAL) ", \"status\": \"pending\"}",
		    arena_printf(rule.arena,
				 "{\"$set\": {\"status\": \"%s\", \"processed_date\": " NOW
				 ", \"updatedAt\": " NOW "}}",
				 status),
		    ERR_ALREADY_PROCESSED);
}

START_TEST(releasing_gives_the_held_coins_back)
{
	ck_assert_int_eq(decide(pending_json, false), OK);
	ck_assert_uint_eq(rule.txn.count, 5);
	assert_decided("rejected");
	rule_update(1, USERS, "{\"_id\": " OID(WORKER) ", \"pending_coins\": {\"$gte\": 410}}",
		    "{\"$inc\": {\"pending_withdrawals\": -1, \"pending_coins\": -410, "
		    "\"coins\": 410}}",
		    ERR_CONFLICT);
	rule_row(2, "release:" WITHDRAWAL,
		 "\"from\": \"held:" WITHDRAWAL "\", \"to\": \"user:" WORKER
		 "\", \"coins\": 410, \"kind\": \"release\", \"user\": " OID(WORKER),
		 ERR_ALREADY_PROCESSED);
	rule_then(3);
	rule_notification(
		4, WORKER,
		"Your withdrawal of 410 coins ($20.50) was rejected. The coins are back in your "
		"balance.");
}
END_TEST

START_TEST(paying_out_takes_the_held_coins_from_whoever_owes_none)
{
	ck_assert_int_eq(decide(pending_json, true), OK);
	ck_assert_uint_eq(rule.txn.count, 4);
	assert_decided("approved");
	rule_update(
		1, USERS,
		"{\"_id\": " OID(WORKER) ", \"pending_coins\": {\"$gte\": 410}, " OWING_NOTHING "}",
		"{\"$inc\": {\"pending_withdrawals\": -1, \"pending_coins\": -410}}", ERR_CONFLICT);
	rule_row(2, "payout:" WITHDRAWAL,
		 "\"from\": \"held:" WITHDRAWAL
		 "\", \"to\": \"payouts\", \"coins\": 410, \"kind\": \"payout\", \"user\": " OID(
			 WORKER),
		 ERR_ALREADY_PROCESSED);
	rule_notification(3, WORKER, "Your withdrawal of 410 coins ($20.50) has been approved.");
}
END_TEST

START_TEST(a_record_that_holds_nothing_is_not_decided)
{
	ck_assert_int_eq(
		decide("{\"_id\": " OID(WITHDRAWAL) ", \"worker_id\": " OID(WORKER) "}", true),
		ERR_CONFLICT);
	ck_assert_int_eq(decide("{\"_id\": " OID(WITHDRAWAL) ", \"withdrawal_coin\": 410}", false),
			 ERR_CONFLICT);
	ck_assert_uint_eq(rule.txn.count, 0);
}
END_TEST

Suite *suite_withdrawals(void)
{
	Suite *suite = suite_create("withdrawals");
	TCase *tests = tcase_create("held");

	tcase_add_checked_fixture(tests, rule_setup, rule_teardown);
	tcase_add_test(tests, asking_holds_the_coins_and_tells_every_admin);
	tcase_add_test(tests, releasing_gives_the_held_coins_back);
	tcase_add_test(tests, paying_out_takes_the_held_coins_from_whoever_owes_none);
	tcase_add_test(tests, a_record_that_holds_nothing_is_not_decided);
	suite_add_tcase(suite, tests);
	return suite;
}
