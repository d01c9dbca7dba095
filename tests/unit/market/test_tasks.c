/* What moves between a buyer and a task's escrow, as steps. */
#include "market/tasks.h"
#include "rule.h"
#include "suites.h"

/* Three slots open, of 5 coins each. */
static const char task_json[] = "{\"_id\": " OID(
	TASK) ", \"task_title\": \"A video\", \"required_workers\": 3, "
	      "\"payable_amount\": 5, \"completion_date\": " LATER ", \"buyer_id\": " OID(
		      BUYER) ", \"buyer_email\": \"b@example.com\", \"status\": \"%s\", \"rev\": 6}";

static const char *task_is_now(const char *status)
{
	return arena_printf(rule.arena, task_json, status);
}

static const bson_t *task(void)
{
	return rule_doc(task_is_now("active"));
}

START_TEST(posting_takes_the_price_of_all_slots_and_counts_the_task)
{
	const struct task_input input = {
		.task_title = "A video",
		.task_detail = "Watch it.",
		.submission_info = "A link",
		.required_workers = { .given = true, .value = 3 },
		.payable_amount = { .given = true, .value = 5 },
		.completion_date = { .given = true, .value = INT64_C(1900086400123) },
	};

	rule_caller(BUYER, ROLE_BUYER);
	ck_assert_int_eq(task_create(&rule.call, &input, &rule.txn), OK);
	ck_assert_uint_eq(rule.txn.count, 3);
	rule_update(
		0, USERS,
		"{\"_id\": " OID(
			BUYER) ", " NOT_CLOSING
			       ", \"role\": \"buyer\", \"coins\": {\"$gte\": 15}, " OWING_NOTHING
			       "}",
		"{\"$inc\": {\"open_tasks\": 1, \"coins\": -15}}", ERR_INSUFFICIENT_COINS);
	ck_assert_int_eq(rule.txn.steps[0].read, READ_AFTER);

	const bson_t *made = rule_insert(2, TASKS, ERR_INTERNAL);
	struct id id = doc_own_id(made);
	const char *hex = id_text(rule.arena, &id);
	rule_row(1, arena_printf(rule.arena, "task:%s", hex),
		 arena_printf(rule.arena,
			      "\"from\": \"user:" BUYER
			      "\", \"to\": \"escrow:%s\", \"coins\": 15, \"kind\": \"task\", "
			      "\"user\": " OID(BUYER) ", \"task\": {\"$oid\": \"%s\"}",
			      hex, hex),
		 ERR_INTERNAL);
	ck_assert_int_eq(doc_whole(made, "required_workers", 0), 3);
	ck_assert(doc_text_is(made, "status", "active"));
}
END_TEST

START_TEST(posting_is_refused_without_the_coins_and_to_whoever_owes)
{
	const struct task_input input = { .required_workers = { .value = 3 },
					  .payable_amount = { .value = 5 } };

	rule_caller(BUYER, ROLE_BUYER);
	rule.caller.coins = 14;
	ck_assert_int_eq(task_create(&rule.call, &input, &rule.txn), ERR_INSUFFICIENT_COINS);
	rule.caller.coins = 15;
	rule.caller.owed_coins = 1;
	ck_assert_int_eq(task_create(&rule.call, &input, &rule.txn), ERR_COINS_OWED);
	ck_assert_uint_eq(rule.txn.count, 0);
}
END_TEST

START_TEST(slots_that_are_bought_are_paid_once_the_task_has_them)
{
	task_slots_plan(&rule.call, task(), 2, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 2);
	rule_update(
		0, TASKS,
		"{\"_id\": " OID(TASK) ", \"status\": \"active\", " DEADLINE_AHEAD
				       ", \"required_workers\": {\"$gte\": -2, \"$lte\": 9998}}",
		"{\"$inc\": {\"required_workers\": 2, \"rev\": 1}, \"$set\": {\"updatedAt\": " NOW
		"}, \"$unset\": {\"full\": \"\"}}",
		ERR_CONFLICT);
	rule_found(0, "{\"rev\": 9}");
	ck_assert_int_eq(rule_decide(1), OK);
	ck_assert_uint_eq(rule.txn.count, 4);
	rule_update(2, USERS,
		    "{\"_id\": " OID(BUYER) ", " NOT_CLOSING
					    ", \"coins\": {\"$gte\": 10}, " OWING_NOTHING "}",
		    "{\"$inc\": {\"coins\": -10}}", ERR_INSUFFICIENT_COINS);
	rule_row(3, "slots:" TASK ":9",
		 "\"from\": \"user:" BUYER "\", \"to\": \"escrow:" TASK
		 "\", \"coins\": 10, \"kind\": \"slots\", \"user\": " OID(BUYER) ", \"task\": " OID(
			 TASK),
		 ERR_CONFLICT);
}
END_TEST

START_TEST(slots_that_are_given_back_are_refunded)
{
	task_slots_plan(&rule.call, task(), -3, &rule.txn);
	rule_found(0, "{\"rev\": 9}");
	ck_assert_int_eq(rule_decide(1), OK);
	ck_assert_uint_eq(rule.txn.count, 5);
	rule_update(2, USERS, "{\"_id\": " OID(BUYER) ", " NOT_CLOSING "}",
		    "{\"$inc\": {\"coins\": 15}}", ERR_CONFLICT);
	rule_row(3, "slots:" TASK ":9",
		 "\"from\": \"escrow:" TASK "\", \"to\": \"user:" BUYER
		 "\", \"coins\": 15, \"kind\": \"slots\", \"user\": " OID(BUYER) ", \"task\": " OID(
			 TASK),
		 ERR_CONFLICT);
	rule_then(4);
}
END_TEST

static void cancel(bool tell, const char *found)
{
	task_cancel_plan(&rule.call, task(), tell, &rule.txn);
	ck_assert_uint_eq(rule.txn.count, 2);
	rule_update(
		0, TASKS, "{\"_id\": " OID(TASK) ", \"status\": {\"$ne\": \"cancelled\"}}",
		"{\"$set\": {\"status\": \"cancelled\", \"required_workers\": 0, \"updatedAt\": " NOW
		"}, \"$inc\": {\"rev\": 1}}",
		ERR_NOT_FOUND);
	ck_assert_int_eq(rule.txn.steps[0].read, READ_BEFORE);
	rule_found(0, found);
	ck_assert_int_eq(rule_decide(1), OK);
}

START_TEST(cancelling_refunds_the_slots_that_were_found_open)
{
	cancel(false, task_is_now("active"));
	ck_assert_uint_eq(rule.txn.count, 5);
	rule_update(2, USERS, "{\"_id\": " OID(BUYER) "}",
		    "{\"$inc\": {\"open_tasks\": -1, \"coins\": 15}}", ERR_CONFLICT);
	rule_row(3, "cancel:" TASK ":6",
		 "\"from\": \"escrow:" TASK "\", \"to\": \"user:" BUYER
		 "\", \"coins\": 15, \"kind\": \"cancel\", \"user\": " OID(
			 BUYER) ", \"task\": " OID(TASK),
		 ERR_CONFLICT);
	rule_then(4);
}
END_TEST

START_TEST(cancelling_without_open_slots_moves_nothing)
{
	cancel(false, "{\"status\": \"active\", \"required_workers\": 0, \"payable_amount\": 5}");
	ck_assert_uint_eq(rule.txn.count, 3);
	rule_update(2, USERS, "{\"_id\": " OID(BUYER) "}", "{\"$inc\": {\"open_tasks\": -1}}",
		    ERR_CONFLICT);
}
END_TEST

START_TEST(a_completed_task_was_counted_off_before)
{
	cancel(false,
	       "{\"status\": \"completed\", \"required_workers\": 0, \"payable_amount\": 5}");
	ck_assert_uint_eq(rule.txn.count, 2);
}
END_TEST

START_TEST(a_buyer_whose_task_is_taken_down_is_told)
{
	cancel(true, task_is_now("active"));
	ck_assert_uint_eq(rule.txn.count, 6);
	rule_notification(
		5, BUYER,
		"Your task \"A video\" was removed by an admin. 15 coins for its open slots were "
		"refunded.");
}
END_TEST

START_TEST(a_deadline_refunds_the_open_slots_and_leaves_the_task_open_for_reviews)
{
	ck_assert_int_eq(task_expire(&rule.call, task(), &rule.txn), OK);
	ck_assert_uint_eq(rule.txn.count, 2);
	rule_update(0, TASKS,
		    "{\"_id\": " OID(TASK) ", \"status\": \"active\", \"required_workers\": "
					   "{\"$gt\": 0}, \"$nor\": [{\"$and\": [{" DEADLINE_AHEAD
					   "}]}]}",
		    "{\"$set\": {\"required_workers\": 0, \"updatedAt\": " NOW
		    "}, \"$inc\": {\"rev\": 1}}",
		    ERR_CONFLICT);
	rule_found(0, task_is_now("active"));
	ck_assert_int_eq(rule_decide(1), OK);
	ck_assert_uint_eq(rule.txn.count, 6);
	rule_update(2, USERS, "{\"_id\": " OID(BUYER) "}", "{\"$inc\": {\"coins\": 15}}",
		    ERR_CONFLICT);
	rule_row(3, "expire:" TASK ":6",
		 "\"from\": \"escrow:" TASK "\", \"to\": \"user:" BUYER
		 "\", \"coins\": 15, \"kind\": \"expire\", \"user\": " OID(
			 BUYER) ", \"task\": " OID(TASK),
		 ERR_CONFLICT);
	rule_then(4);
	rule_notification(
		5, BUYER,
		"The deadline of your task \"A video\" has passed. 15 coins for its open slots "
		"were refunded.");
}
END_TEST

Suite *suite_tasks(void)
{
	Suite *suite = suite_create("tasks");
	TCase *tests = tcase_create("escrow");

	tcase_add_checked_fixture(tests, rule_setup, rule_teardown);
	tcase_add_test(tests, posting_takes_the_price_of_all_slots_and_counts_the_task);
	tcase_add_test(tests, posting_is_refused_without_the_coins_and_to_whoever_owes);
	tcase_add_test(tests, slots_that_are_bought_are_paid_once_the_task_has_them);
	tcase_add_test(tests, slots_that_are_given_back_are_refunded);
	tcase_add_test(tests, cancelling_refunds_the_slots_that_were_found_open);
	tcase_add_test(tests, cancelling_without_open_slots_moves_nothing);
	tcase_add_test(tests, a_completed_task_was_counted_off_before);
	tcase_add_test(tests, a_buyer_whose_task_is_taken_down_is_told);
	tcase_add_test(tests,
		       a_deadline_refunds_the_open_slots_and_leaves_the_task_open_for_reviews);
	suite_add_tcase(suite, tests);
	return suite;
}
