/* Handing in work and reviewing it, as steps. */
#include "market/submissions.h"

#include "base/still_clock.h"
#include "rule.h"
#include "suites.h"

static const char work_json[] = "{\"_id\": " OID(WORK) ", \"task_id\": " OID(
	TASK) ", \"task_title\": \"A video\", "
	      "\"payable_amount\": 5, \"worker_id\": " OID(
		      WORKER) ", \"worker_email\": \"w@example.com\", "
			      "\"buyer_id\": " OID(BUYER) ", \"status\": \"pending\"}";

/* Open until then. */
#define TASK_UNTIL(when)                                                                             \
	"{\"_id\": " OID(                                                                            \
		TASK) ", \"task_title\": \"A video\", \"required_workers\": 1, "                     \
		      "\"payable_amount\": 5, \"completion_date\": " when                            \
		      ", \"expires_at\": " when ", \"buyer_id\": " OID(                              \
			      BUYER) ", \"buyer_email\": \"b@example.com\", \"buyer_name\": \"B\", " \
				     "\"status\": \"active\", \"adopted\": 1}"

START_TEST(handing_in_takes_a_slot_and_tells_the_buyer)
{
	const struct submission_input input = { .task_id = { .given = true, .id = rule_id(TASK) },
						.submission_details = "Done" };

	rule_caller(WORKER, ROLE_WORKER);
	submission_create_plan(&rule.call, &input, rule_doc(TASK_UNTIL(LATER)), &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 4);
	rule_update(0, TASKS,
		    "{\"_id\": " OID(TASK) ", \"status\": \"active\", " DEADLINE_AHEAD
					   ", \"required_workers\": {\"$gt\": 0}}",
		    "{\"$inc\": {\"required_workers\": -1, \"rev\": 1}}", ERR_NO_OPEN_SLOT);
	const bson_t *made = rule_insert(1, SUBMISSIONS, ERR_ALREADY_SUBMITTED);
	ck_assert_str_eq(doc_text(made, "slot_key"), WORKER ":" TASK);
	ck_assert_int_eq(doc_whole(made, "payable_amount", 0), 5);
	ck_assert(doc_text_is(made, "status", "pending"));
	rule_update(2, USERS, "{\"_id\": " OID(WORKER) ", " NOT_CLOSING ", \"role\": \"worker\"}",
		    "{\"$inc\": {\"pending_submissions\": 1}}", ERR_FORBIDDEN);
	rule_notification(3, BUYER, "New submission for your task \"A video\".");
}
END_TEST

static enum err review(const char *work, const char *task, bool approve)
{
	const struct review review = { .approve = approve, .reason = "Late." };

	rule_caller(BUYER, ROLE_BUYER);
	return submission_review_plan(&rule.call, rule_doc(work), task ? rule_doc(task) : NULL,
				      &review, &rule.txn);
}

/* What every review begins with. */
static void assert_decided(const char *change)
{
	rule_update(0, SUBMISSIONS, "{\"_id\": " OID(WORK) ", \"status\": \"pending\"}", change,
		    ERR_ALREADY_PROCESSED);
	ck_assert_int_eq(rule.txn.steps[0].read, READ_AFTER);
}

START_TEST(approving_pays_the_worker_out_of_the_escrow)
{
	ck_assert_int_eq(review(work_json, TASK_UNTIL(LATER), true), OK);
	ck_assert_uint_eq(rule.txn.count, 5);
	assert_decided("{\"$set\": {\"status\": \"approved\", \"reviewed_date\": " NOW
		       ", \"updatedAt\": " NOW "}}");
	rule_update(1, USERS, "{\"_id\": " OID(WORKER) "}",
		    "{\"$inc\": {\"pending_submissions\": -1, \"coins\": 5}}", ERR_CONFLICT);
	rule_row(2, "approve:" WORK,
		 "\"from\": \"escrow:" TASK "\", \"to\": \"user:" WORKER
		 "\", \"coins\": 5, \"kind\": \"reward\", \"user\": " OID(
			 WORKER) ", \"task\": " OID(TASK) ", \"buyer\": " OID(BUYER),
		 ERR_ALREADY_PROCESSED);
	rule_then(3);
	rule_notification(4, WORKER,
			  "Your submission for \"A video\" has been approved. You earned 5 coins.");
}
END_TEST

#define REJECTED                                                                                \
	"{\"$set\": {\"status\": \"rejected\", \"reviewed_date\": " NOW ", \"updatedAt\": " NOW \
	", \"rejection_reason\": \"Late.\"}}"

START_TEST(rejecting_in_time_opens_the_slot_again)
{
	ck_assert_int_eq(review(work_json, TASK_UNTIL(LATER), false), OK);
	ck_assert_uint_eq(rule.txn.count, 4);
	assert_decided(REJECTED);
	rule_update(1, USERS, "{\"_id\": " OID(WORKER) "}",
		    "{\"$inc\": {\"pending_submissions\": -1}}", ERR_CONFLICT);
	rule_update(
		2, TASKS, "{\"_id\": " OID(TASK) ", \"status\": \"active\", " DEADLINE_AHEAD "}",
		"{\"$inc\": {\"required_workers\": 1, \"rev\": 1}, \"$unset\": {\"full\": \"\"}}",
		ERR_CONFLICT);
	rule_notification(3, WORKER, "Your submission for \"A video\" was rejected. Reason: Late.");
}
END_TEST

static const char *const over[] = {
	TASK_UNTIL(EARLIER),
	"{\"_id\": " OID(TASK) ", \"status\": \"cancelled\", \"completion_date\": " LATER
			       ", \"adopted\": 1}",
	NULL, /* gone */
};

START_TEST(rejecting_late_refunds_the_buyer)
{
	ck_assert_int_eq(review(work_json, over[_i], false), OK);
	ck_assert_uint_eq(rule.txn.count, 6);
	assert_decided(REJECTED);
	rule_update(1, USERS, "{\"_id\": " OID(WORKER) "}",
		    "{\"$inc\": {\"pending_submissions\": -1}}", ERR_CONFLICT);
	rule_update(2, USERS, "{\"_id\": " OID(BUYER) "}", "{\"$inc\": {\"coins\": 5}}",
		    ERR_CONFLICT);
	rule_row(3, "reject:" WORK,
		 "\"from\": \"escrow:" TASK "\", \"to\": \"user:" BUYER
		 "\", \"coins\": 5, \"kind\": \"refund\", \"user\": " OID(BUYER) ", \"task\": " OID(
			 TASK),
		 ERR_ALREADY_PROCESSED);
	rule_then(4);
	rule_notification(5, WORKER, "Your submission for \"A video\" was rejected. Reason: Late.");
}
END_TEST

/* What is gone has no mark to lack. */
START_TEST(work_on_a_task_that_is_not_adopted_moves_no_coins)
{
	static const char task[] = "{\"_id\": " OID(TASK) ", \"status\": \"active\"}";

	ck_assert_int_eq(review(work_json, task, _i), ERR_NOT_ADOPTED);
	ck_assert_uint_eq(rule.txn.count, 0);
	ck_assert_int_eq(review(work_json, NULL, _i), OK);
}
END_TEST

START_TEST(an_older_record_that_says_not_whose_it_is_cannot_be_refunded)
{
	static const char work[] = "{\"_id\": " OID(WORK) ", \"task_id\": " OID(
		TASK) ", \"worker_id\": " OID(WORKER) ", \"payable_amount\": 5}";

	ck_assert_int_eq(review(work, TASK_UNTIL(EARLIER), false), ERR_CONFLICT);
	ck_assert_int_eq(review("{\"_id\": " OID(WORK) "}", NULL, true), ERR_CONFLICT);
}
END_TEST

/* There is no database: looking at the task would end the test. */
START_TEST(a_review_that_completes_no_task_asks_nothing_afterwards)
{
	ck_assert_int_eq(review(work_json, TASK_UNTIL(LATER), false), OK);
	submission_reviewed(&rule.call, &rule.txn);
	ck_assert_int_eq(review(work_json, over[_i], true), OK);
	submission_reviewed(&rule.call, &rule.txn);
}
END_TEST

Suite *suite_submissions(void)
{
	Suite *suite = suite_create("submissions");
	TCase *tests = tcase_create("work");

	tcase_add_checked_fixture(tests, rule_setup, rule_teardown);
	tcase_add_test(tests, handing_in_takes_a_slot_and_tells_the_buyer);
	tcase_add_test(tests, approving_pays_the_worker_out_of_the_escrow);
	tcase_add_test(tests, rejecting_in_time_opens_the_slot_again);
	tcase_add_loop_test(tests, rejecting_late_refunds_the_buyer, 0, sizeof over / sizeof *over);
	tcase_add_loop_test(tests, a_review_that_completes_no_task_asks_nothing_afterwards, 1,
			    sizeof over / sizeof *over);
	tcase_add_loop_test(tests, work_on_a_task_that_is_not_adopted_moves_no_coins, false,
			    true + 1);
	tcase_add_test(tests, an_older_record_that_says_not_whose_it_is_cannot_be_refunded);
	suite_add_tcase(suite, tests);
	return suite;
}
