/* What becomes of old withdrawals, payments and notifications. */
#include "plan.h"
#include "suites.h"

/* ---- withdrawals ---- */

#define ASKED(rest) \
	"{\"_id\": " OID(WITHDRAWAL) ", \"withdraw_date\": " EARLIER ", " rest ", " MADE "}"
#define BY_ANN "\"worker_email\": \"Ann@example.com\", "

START_TEST(an_ordinary_withdrawal_gets_its_owner_and_its_dollars)
{
	struct record *asked =
		planned(&withdrawals_pass,
			ASKED(BY_ANN "\"withdrawal_coin\": 210, \"status\": \"pending\""));

	comes_with(asked, 0);
	sets(asked, "{\"withdrawal_amount\": 10.5, \"worker_id\": " OID(
			    WORKER) ", \"withdrawal_coin\": 210, \"adopted\": 1}");
	leaves(asked, "status");
	noted_none(asked);
}
END_TEST

START_TEST(a_pending_withdrawal_of_nobody_is_rejected)
{
	struct record *asked = planned(&withdrawals_pass,
				       ASKED("\"withdrawal_coin\": 210, \"status\": \"pending\""));

	comes_with(asked, 0);
	sets(asked, "{\"status\": \"rejected\", "
		    "\"rejection_reason\": \"The worker's account no longer exists.\", "
		    "\"processed_date\": " NOW "}");
	noted(asked, RULE_WITHDRAWAL_NO_WORKER);
}
END_TEST

START_TEST(what_was_paid_out_stays_as_it_was_told)
{
	struct record *paid = planned(
		&withdrawals_pass,
		ASKED("\"withdrawal_coin\": -3, \"withdrawal_amount\": 7.5, \"status\": \"approved\""));
	struct record *odd =
		planned(&withdrawals_pass,
			ASKED(BY_ANN "\"withdrawal_coin\": 20.5, \"withdrawal_amount\": 1.1, "
				     "\"status\": \"maybe\""));

	leaves(paid, "withdrawal_amount");
	sets(paid, "{\"withdrawal_coin\": 0}");
	noted(paid, RULE_WITHDRAWAL_OWNERLESS, RULE_WITHDRAWAL_BAD);
	leaves(odd, "withdrawal_amount");
	leaves(odd, "status");
	sets(odd, "{\"withdrawal_coin\": 20}");
	noted(odd, RULE_WITHDRAWAL_STATUS_UNKNOWN, RULE_WITHDRAWAL_FLOORED);
}
END_TEST

START_TEST(a_pending_withdrawal_is_what_the_journal_made_of_it)
{
	const char *asked = ASKED(BY_ANN "\"withdrawal_coin\": 200, \"status\": \"pending\"");

	journal_known("release:" WITHDRAWAL);
	struct record *back = planned(&withdrawals_pass, asked);

	journal_known("payout:" WITHDRAWAL);
	struct record *paid = planned(&withdrawals_pass, asked);

	comes_with(paid, 0);
	sets(back, "{\"status\": \"rejected\"}");
	noted(back, RULE_WITHDRAWAL_DECIDED);
	sets(paid, "{\"status\": \"approved\"}");
	noted(paid, RULE_WITHDRAWAL_DECIDED);
}
END_TEST

/* ---- payments ---- */

#define PAID(rest) "{\"_id\": " OID(PAYMENT) ", \"payment_date\": " EARLIER ", " rest ", " MADE "}"
#define BY_BOB "\"buyer_email\": \"BOB@example.com\", "

START_TEST(an_ordinary_payment_gets_its_buyer_and_the_key_of_its_transaction)
{
	struct record *payment =
		planned(&payments_pass,
			PAID(BY_BOB "\"coin_amount\": 150, \"price\": 10, "
				    "\"transaction_id\": \"pi_1\", \"status\": \"completed\""));

	comes_with(payment, 0);
	sets(payment,
	     "{\"buyer_id\": " OID(
		     BUYER) ", \"txn_key\": \"pi_1\", \"coin_amount\": 150, \"adopted\": 1}");
	leaves(payment, "price");
	leaves(payment, "status");
	noted_none(payment);
}
END_TEST

START_TEST(the_oldest_payments_call_their_fields_otherwise)
{
	struct record *payment =
		planned(&payments_pass, PAID(BY_BOB "\"coins\": 12.5, \"amount\": 3.5"));

	sets(payment, "{\"price\": 3.5, \"coin_amount\": 12, \"status\": \"pending\"}");
	leaves(payment, "txn_key");
	noted(payment, RULE_PAYMENT_FLOORED);
}
END_TEST

START_TEST(a_payment_of_nobody_or_of_no_coins_is_kept)
{
	struct record *payment = planned(
		&payments_pass, PAID("\"coin_amount\": -1, \"price\": 1, \"status\": \"failed\""));

	comes_with(payment, 0);
	leaves(payment, "buyer_id");
	sets(payment, "{\"coin_amount\": 0}");
	noted(payment, RULE_PAYMENT_OWNERLESS, RULE_PAYMENT_BAD);
}
END_TEST

START_TEST(a_further_payment_of_a_transaction_goes_without_the_key)
{
	struct id further = rule_id(PAYMENT);

	adoption.keyless = &further;
	adoption.keyless_count = 1;
	struct record *payment =
		planned(&payments_pass,
			PAID(BY_BOB "\"coin_amount\": 1, \"price\": 1, "
				    "\"transaction_id\": \"pi_1\", \"status\": \"completed\""));

	leaves(payment, "txn_key");
	noted(payment, RULE_PAYMENT_TWICE);
}
END_TEST

START_TEST(an_open_payment_that_the_journal_credited_is_completed)
{
	journal_known("purchase:" PAYMENT);
	struct record *payment =
		planned(&payments_pass, PAID(BY_BOB "\"coin_amount\": 150, \"price\": 10, "
						    "\"intent_id\": \"pi_2\", "
						    "\"status\": \"pending\""));

	comes_with(payment, 0);
	sets(payment, "{\"status\": \"completed\", \"transaction_id\": \"pi_2\", "
		      "\"txn_key\": \"pi_2\"}");
	noted(payment, RULE_PAYMENT_CREDITED);
}
END_TEST

/* ---- notifications ---- */

START_TEST(a_notification_gets_its_reader_and_the_flags_that_it_lacks)
{
	struct record *old =
		planned(&notifications_pass,
			"{\"_id\": " OID(WORK) ", \"toEmail\": \"ann@example.com\", " MADE "}");
	struct record *read =
		planned(&notifications_pass,
			"{\"_id\": " OID(WORK) ", \"isRead\": true, \"archived\": 1, " MADE "}");

	comes_with(old, 0);
	rule_same(old->set, "{\"isRead\": false, \"archived\": false, \"user_id\": " OID(
				    WORKER) ", \"adopted\": 1}");
	noted_none(old);
	rule_same(read->set, "{\"archived\": false, \"adopted\": 1}");
	noted(read, RULE_NOTIFICATION_OWNERLESS);
}
END_TEST

Suite *suite_adoption_payments(void)
{
	Suite *suite = suite_create("adoption_payments");
	TCase *tcase = tcase_create("plan");

	tcase_add_checked_fixture(tcase, plan_setup, plan_teardown);
	tcase_add_test(tcase, an_ordinary_withdrawal_gets_its_owner_and_its_dollars);
	tcase_add_test(tcase, a_pending_withdrawal_of_nobody_is_rejected);
	tcase_add_test(tcase, what_was_paid_out_stays_as_it_was_told);
	tcase_add_test(tcase, a_pending_withdrawal_is_what_the_journal_made_of_it);
	tcase_add_test(tcase, an_ordinary_payment_gets_its_buyer_and_the_key_of_its_transaction);
	tcase_add_test(tcase, the_oldest_payments_call_their_fields_otherwise);
	tcase_add_test(tcase, a_payment_of_nobody_or_of_no_coins_is_kept);
	tcase_add_test(tcase, a_further_payment_of_a_transaction_goes_without_the_key);
	tcase_add_test(tcase, an_open_payment_that_the_journal_credited_is_completed);
	tcase_add_test(tcase, a_notification_gets_its_reader_and_the_flags_that_it_lacks);
	suite_add_tcase(suite, tcase);
	return suite;
}
