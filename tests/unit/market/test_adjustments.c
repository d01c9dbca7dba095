/* Corrections by an operator's hand, as steps. */
#include "market/adjustments.h"
#include "rule.h"
#include "suites.h"

#include <string.h>

static void adjust(int64_t coins)
{
	const struct adjustment adjustment = { .coins = { .given = true, .value = coins },
					       .reason = "Paid twice" };

	rule_caller(ADMIN, ROLE_ADMIN);
	user_adjust_plan(
		&rule.call,
		rule_doc("{\"_id\": " OID(WORKER) ", \"role\": \"worker\", \"coins\": 50}"),
		&adjustment, &rule.txn);
}

/* The key is of an id of its own: the same may be corrected twice. */
static void assert_row(const char *moved)
{
	const char *key = doc_text(rule_insert(1, LEDGER, ERR_INTERNAL), "_id");

	ck_assert_uint_eq(strlen(key), strlen("adjust:") + ID_HEX_LENGTH);
	rule_row(
		1, key,
		arena_printf(rule.arena,
			     "%s, \"kind\": \"adjust\", \"reason\": \"Paid twice\", \"user\": " OID(
				     WORKER),
			     moved),
		ERR_INTERNAL);
}

START_TEST(coins_that_are_given_come_and_pay_debts)
{
	adjust(30);
	ck_assert_uint_eq(rule.txn.count, 4);
	rule_update(0, USERS, "{\"_id\": " OID(WORKER) ", " NOT_CLOSING "}",
		    "{\"$inc\": {\"coins\": 30}}", ERR_CONFLICT);
	assert_row("\"from\": \"adjustments\", \"to\": \"user:" WORKER "\", \"coins\": 30");
	rule_then(2);
	rule_notification(
		3, WORKER,
		"Payment correction: 30 coins were added to your balance. Reason: Paid twice");
}
END_TEST

START_TEST(coins_that_are_taken_must_be_there)
{
	adjust(-30);
	ck_assert_uint_eq(rule.txn.count, 3);
	rule_update(0, USERS,
		    "{\"_id\": " OID(WORKER) ", " NOT_CLOSING ", \"coins\": {\"$gte\": 30}}",
		    "{\"$inc\": {\"coins\": -30}}", ERR_CONFLICT);
	assert_row("\"from\": \"user:" WORKER "\", \"to\": \"adjustments\", \"coins\": 30");
	rule_notification(
		2, WORKER,
		"Payment correction: 30 coins were taken from your balance. Reason: Paid twice");
}
END_TEST

Suite *suite_adjustments(void)
{
	Suite *suite = suite_create("adjustments");
	TCase *tests = tcase_create("coins");

	tcase_add_checked_fixture(tests, rule_setup, rule_teardown);
	tcase_add_test(tests, coins_that_are_given_come_and_pay_debts);
	tcase_add_test(tests, coins_that_are_taken_must_be_there);
	suite_add_tcase(suite, tests);
	return suite;
}
