/* Coins for money, and money that goes back, as steps. */
#include "market/ledger.h"
#include "market/payments_reversal.h"
#include "rule.h"
#include "suites.h"

static struct payment payment;
static struct reversing reversing;
static const bson_t *admin;

static void pay(const char *json)
{
	payment = (struct payment){ .id = rule_id(PAYMENT),
				    .buyer = rule_id(BUYER),
				    .coins = 150,
				    .cents = 1000,
				    .doc = rule_doc(json),
				    .transaction = "pi_1" };
}

static void setup(void)
{
	rule_setup();
	pay("{\"_id\": " OID(PAYMENT) ", \"buyer_id\": " OID(BUYER) ", \"status\": \"pending\"}");
	admin = rule_doc("{\"_id\": " OID(ADMIN) "}");
}

/* As it is when this becomes known, too. */
static void reverse(struct reversing *to, const struct reversals *more)
{
	ck_assert(reversal_of(&rule.call, &payment, more, to));
	to->buyer = rule_doc("{\"_id\": " OID(BUYER) ", \"email\": \"b@example.com\"}");
	to->admins = (struct admins){ .list = &admin, .count = 1 };
}

static void assert_completed(void)
{
	rule_update(0, PAYMENTS,
		    "{\"_id\": " OID(PAYMENT) ", \"status\": {\"$in\": [\"pending\", \"failed\"]}, "
					      "\"reversal_notes\": null}",
		    "{\"$set\": {\"status\": \"completed\", \"transaction_id\": \"pi_1\", "
		    "\"txn_key\": \"pi_1\", \"payment_date\": " NOW ", \"updatedAt\": " NOW
		    "}, \"$unset\": {\"check_at\": 1}}",
		    ERR_BUSY);
}

static void assert_bought(size_t i)
{
	rule_update(i, USERS, "{\"_id\": " OID(BUYER) ", " NOT_CLOSING "}",
		    "{\"$inc\": {\"coins\": 150}}", ERR_NOT_FOUND);
	rule_row(i + 1, "purchase:" PAYMENT,
		 "\"from\": \"sales\", \"to\": \"user:" BUYER
		 "\", \"coins\": 150, \"kind\": \"purchase\", \"user\": " OID(BUYER),
		 ERR_CONFLICT);
	rule_then(i + 2);
	rule_notification(i + 3, BUYER,
			  "Payment completed: 150 coins for $10 are on your account.");
}

START_TEST(a_payment_is_completed_once_and_its_coins_come)
{
	struct noted noted = { 0 };

	payment_credit_plan(&rule.call, &payment, &noted, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 5);
	assert_completed();
	assert_bought(1);
}
END_TEST

START_TEST(what_had_gone_back_is_taken_of_the_coins_before_they_pay_debts)
{
	struct noted noted = { .note = rule_doc("{\"_id\": \"reversal:pi_1\", \"rev\": 2}"),
			       .news = true };

	reverse(&noted.reversing, &(struct reversals){ .refunded = 1000 });
	payment_credit_plan(&rule.call, &payment, &noted, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 9);
	assert_completed();
	rule_remove(1, META, "{\"_id\": \"reversal:pi_1\", \"rev\": 2}", ERR_BUSY);
	rule_notification(3, ADMIN,
			  "Payment " PAYMENT ", for $10, is refunded: 150 coins were taken back.");
	rule_then(4);
	assert_bought(5);

	rule_found(5, "{\"coins\": 150, \"owed_coins\": 30}");
	ck_assert_int_eq(rule_decide(4), OK);
	rule_update(9, USERS, "{\"_id\": " OID(BUYER) ", \"coins\": {\"$gte\": 150}}",
		    "{\"$inc\": {\"coins\": -150}}", ERR_CONFLICT);
	rule_found(9, "{\"coins\": 0, \"owed_coins\": 30}");
	ck_assert_uint_eq(rule.txn.count, 12);
	ck_assert_int_eq(rule_decide(7), OK);
	ck_assert_uint_eq(rule.txn.count, 12);
}
END_TEST

START_TEST(a_refund_takes_the_coins_that_are_there_and_the_rest_is_owed)
{
	ledger_hold_still(&rule.call, &rule.txn, &payment.buyer, ERR_CONFLICT);
	reverse(&reversing, &(struct reversals){ .refunded = 1000 });
	reversal_plan(&reversing, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 4);
	rule_update(1, PAYMENTS, "{\"_id\": " OID(PAYMENT) ", \"reversal_rev\": null}",
		    "{\"$inc\": {\"reversal_rev\": 1}, \"$set\": {\"refunded_cents\": 1000, "
		    "\"disputes\": [], \"reversed_coins\": 150, \"updatedAt\": " NOW
		    ", \"reversal\": \"refunded\"}}",
		    ERR_CONFLICT);
	rule_found(0, "{\"coins\": 40}");
	ck_assert_int_eq(rule_decide(3), OK);
	ck_assert_uint_eq(rule.txn.count, 7);
	rule_update(4, USERS, "{\"_id\": " OID(BUYER) ", \"coins\": {\"$gte\": 40}}",
		    "{\"$inc\": {\"owed_coins\": 110, \"coins\": -40}}", ERR_CONFLICT);
	rule_row(5, "reverse:" PAYMENT ":1",
		 "\"from\": \"user:" BUYER
		 "\", \"to\": \"reversals\", \"coins\": 40, \"kind\": \"reversal\", "
		 "\"user\": " OID(BUYER),
		 ERR_ALREADY_PROCESSED);
	rule_notification(
		6, BUYER,
		"Payment refunded: of the coins for $10, 150 coins were taken back. 110 of them "
		"were spent: coins that come pay these first.");
}
END_TEST

START_TEST(a_dispute_that_is_won_returns_the_coins)
{
	struct reversals won = {
		.disputes = { { .id = "du_1", .cents = 1000, .state = DISPUTE_WON, .told_at = 2 } },
		.count = 1
	};

	pay("{\"_id\": " OID(
		PAYMENT) ", \"status\": \"completed\", \"reversed_coins\": 150, "
			 "\"reversal_rev\": 1, \"disputes\": [{\"id\": \"du_1\", \"cents\": 1000, "
			 "\"state\": \"open\", \"told_at\": 1}]}");
	reverse(&reversing, &won);
	reversal_plan(&reversing, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 6);
	rule_update(
		0, PAYMENTS, "{\"_id\": " OID(PAYMENT) ", \"reversal_rev\": {\"$eq\": 1}}",
		"{\"$inc\": {\"reversal_rev\": 1}, \"$unset\": {\"reversal\": \"\"}, \"$set\": "
		"{\"refunded_cents\": 0, \"disputes\": [{\"id\": \"du_1\", \"cents\": 1000, "
		"\"state\": \"won\", \"told_at\": 2}], \"reversed_coins\": 0, \"updatedAt\": " NOW
		"}}",
		ERR_CONFLICT);
	rule_update(2, USERS, "{\"_id\": " OID(BUYER) "}", "{\"$inc\": {\"coins\": 150}}",
		    ERR_CONFLICT);
	rule_row(3, "restore:" PAYMENT ":2",
		 "\"from\": \"reversals\", \"to\": \"user:" BUYER
		 "\", \"coins\": 150, \"kind\": \"restored\", \"user\": " OID(BUYER),
		 ERR_ALREADY_PROCESSED);
	rule_then(4);
	rule_notification(5, BUYER,
			  "Payment no longer disputed: of the coins for $10, 150 coins came back.");
}
END_TEST

START_TEST(what_is_known_of_a_payment_changes_nothing)
{
	pay("{\"_id\": " OID(PAYMENT) ", \"status\": \"completed\", \"refunded_cents\": 1000}");
	ck_assert(!reversal_of(&rule.call, &payment, &(struct reversals){ .refunded = 900 },
			       &reversing));
}
END_TEST

START_TEST(of_a_buyer_who_is_gone_nothing_is_taken)
{
	reverse(&reversing, &(struct reversals){ .refunded = 1000 });
	reversing.buyer = NULL;
	reversal_plan(&reversing, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 2);
	rule_notification(1, ADMIN,
			  "Payment " PAYMENT ", for $10, is refunded: 150 coins were taken back.");
}
END_TEST

Suite *suite_payments(void)
{
	Suite *suite = suite_create("payments");
	TCase *tests = tcase_create("coins");

	tcase_add_checked_fixture(tests, setup, rule_teardown);
	tcase_add_test(tests, a_payment_is_completed_once_and_its_coins_come);
	tcase_add_test(tests, what_had_gone_back_is_taken_of_the_coins_before_they_pay_debts);
	tcase_add_test(tests, a_refund_takes_the_coins_that_are_there_and_the_rest_is_owed);
	tcase_add_test(tests, a_dispute_that_is_won_returns_the_coins);
	tcase_add_test(tests, what_is_known_of_a_payment_changes_nothing);
	tcase_add_test(tests, of_a_buyer_who_is_gone_nothing_is_taken);
	suite_add_tcase(suite, tests);
	return suite;
}
