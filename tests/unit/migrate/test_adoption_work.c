/* What becomes of old tasks and of the work that was handed in for them. */
#include "plan.h"
#include "suites.h"

/* ---- tasks ---- */

#define POSTED(rest)                                                      \
	"{\"_id\": " OID(TASK) ", \"buyer_email\": \"bob@example.com\", " \
			       "\"completion_date\": " LATER ", " rest ", " MADE "}"
#define OPENED(coins)                                                            \
	"\"from\": \"opening\", \"to\": \"escrow:" TASK "\", \"coins\": " #coins \
	", \"kind\": \"opening\", \"task\": " OID(TASK)

static struct record *task_with(const char *task, int64_t pending)
{
	struct record *record = read_by(&tasks_pass, task);

	record->pending = record->slotless = pending;
	plan(record);
	return record;
}

START_TEST(an_ordinary_task_has_its_buyer_and_an_escrow_for_its_open_slots)
{
	struct record *task = task_with(POSTED("\"status\": \"active\", \"required_workers\": 3, "
					       "\"payable_amount\": 5"),
					0);

	comes_with(task, 1);
	rule_row(0, "opening:task:" TASK, OPENED(15), ERR_CONFLICT);
	sets(task, "{\"status\": \"active\", \"required_workers\": 3, \"payable_amount\": 5, "
		   "\"rev\": 0, \"buyer_id\": " OID(BUYER) ", \"adopted\": 1}");
	noted(task, RULE_TASK_OPENED);
}
END_TEST

START_TEST(pending_work_takes_slots_and_is_paid_from_the_escrow_also_beyond_them)
{
	const char *posted =
		POSTED("\"status\": \"active\", \"required_workers\": 3, \"payable_amount\": 5");
	struct record *task = task_with(posted, 2);

	rule_row(0, "opening:task:" TASK, OPENED(15), ERR_CONFLICT);
	sets(task, "{\"status\": \"active\", \"required_workers\": 1}");
	noted(task, RULE_TASK_SLOTS_TAKEN, RULE_TASK_OPENED);
	struct record *crowded = task_with(posted, 4);

	rule_row(0, "opening:task:" TASK, OPENED(20), ERR_CONFLICT);
	sets(crowded, "{\"status\": \"active\", \"required_workers\": 0}");
	noted(crowded, RULE_TASK_SLOTS_TAKEN, RULE_TASK_OVERSUBSCRIBED, RULE_TASK_OPENED);
	ck_assert_int_eq(crowded->notes[1].coins, 5);
}
END_TEST

static const struct {
	const char *json;
	enum rule rule;
	const char *status;
} ended[] = {
	{ "{\"_id\": " OID(
		  TASK) ", \"buyer_email\": \"nobody@example.com\", \"status\": \"active\", "
			"\"required_workers\": 3, \"payable_amount\": 5, \"completion_date\": " LATER
			", " MADE "}",
	  RULE_TASK_NO_BUYER, "cancelled" },
	{ POSTED("\"status\": \"active\", \"required_workers\": 3, \"payable_amount\": -5"),
	  RULE_TASK_BAD_AMOUNTS, "cancelled" },
	{ POSTED("\"status\": \"active\", \"required_workers\": -1, \"payable_amount\": 5"),
	  RULE_TASK_BAD_AMOUNTS, "cancelled" },
	{ POSTED("\"status\": \"active\", \"required_workers\": 0, \"payable_amount\": 5"),
	  RULE_TASK_COMPLETED, "completed" },
	{ POSTED("\"status\": \"paused\", \"required_workers\": 0, \"payable_amount\": 5"),
	  RULE_TASK_STATUS_UNKNOWN, "completed" },
	{ POSTED("\"status\": \"cancelled\", \"required_workers\": 2, \"payable_amount\": 5"),
	  RULE_TASK_ENDED_WITH_SLOTS, "cancelled" },
};

START_TEST(a_task_that_cannot_go_on_ends_without_coins)
{
	struct record *task = task_with(ended[_i].json, 0);

	comes_with(task, 0);
	sets(task, arena_printf(rule.arena, "{\"status\": \"%s\", \"required_workers\": 0}",
				ended[_i].status));
	noted(task, ended[_i].rule);
}
END_TEST

START_TEST(fractions_of_a_price_go)
{
	struct record *task = task_with(POSTED("\"status\": \"active\", \"required_workers\": 2, "
					       "\"payable_amount\": 5.5"),
					0);

	rule_row(0, "opening:task:" TASK, OPENED(10), ERR_CONFLICT);
	sets(task, "{\"payable_amount\": 5}");
	noted(task, RULE_TASK_AMOUNTS_FLOORED, RULE_TASK_OPENED);
}
END_TEST

START_TEST(a_task_of_ours_is_left_as_it_is)
{
	journal_known("task:" TASK);
	struct record *task = task_with(POSTED("\"status\": \"active\", \"required_workers\": 3, "
					       "\"payable_amount\": 5, \"rev\": 4"),
					2);

	comes_with(task, 0);
	rule_same(task->set, "{\"adopted\": 2}");
	noted(task, RULE_TASK_KNOWN);
}
END_TEST

/* ---- work ---- */

#define HANDED_IN(email, rest)                                                                \
	"{\"_id\": " OID(WORK) ", \"task_id\": " OID(TASK) ", \"task_title\": \"Look\", "     \
							   "\"worker_email\": \"" email       \
							   "\", \"submitted_date\": " EARLIER \
							   ", " rest ", " MADE "}"
#define ANNS(rest) HANDED_IN("ann@example.com", rest)

static void task_known(const char *json)
{
	struct task_facts facts = task_facts_of(&batch, rule_doc(json));

	row_add(&batch, &facts, sizeof facts);
}

#define OPEN_TASK POSTED("\"status\": \"active\", \"required_workers\": 3, \"payable_amount\": 5")

START_TEST(ordinary_work_stays_pending_at_its_tasks_price)
{
	task_known(OPEN_TASK);
	struct record *work =
		planned(&submissions_pass, ANNS("\"status\": \"pending\", \"payable_amount\": 5"));

	comes_with(work, 0);
	sets(work,
	     "{\"buyer_id\": " OID(BUYER) ", \"worker_id\": " OID(
		     WORKER) ", \"slot_key\": \"" WORKER ":" TASK "\", \"payable_amount\": 5, "
			     "\"adopted\": 1}");
	leaves(work, "status");
	noted_none(work);
	struct record *dear =
		planned(&submissions_pass, ANNS("\"status\": \"pending\", \"payable_amount\": 50"));

	sets(dear, "{\"payable_amount\": 5}");
	noted(dear, RULE_WORK_PRICE_SET);
}
END_TEST

START_TEST(pending_work_without_a_task_is_rejected_and_its_worker_told)
{
	struct record *work =
		planned(&submissions_pass, ANNS("\"status\": \"pending\", \"payable_amount\": 5"));

	comes_with(work, 1);
	rule_notification(
		0, WORKER,
		"Your submission for \"Look\" was rejected. Reason: The task no longer exists.");
	sets(work,
	     "{\"status\": \"rejected\", \"rejection_reason\": \"The task no longer exists.\", "
	     "\"reviewed_date\": " NOW "}");
	noted(work, RULE_WORK_NO_TASK);
}
END_TEST

START_TEST(pending_work_that_nobody_could_pay_for_or_be_paid_for_is_rejected)
{
	task_known(POSTED("\"status\": \"active\", \"required_workers\": 3, "
			  "\"payable_amount\": -5"));
	struct record *unpaid =
		planned(&submissions_pass, ANNS("\"status\": \"pending\", \"payable_amount\": 5"));
	struct record *nobodys = planned(
		&submissions_pass,
		HANDED_IN("nobody@example.com", "\"status\": \"pending\", \"payable_amount\": 5"));

	sets(unpaid, "{\"status\": \"rejected\"}");
	noted(unpaid, RULE_WORK_TASK_UNFIT);
	comes_with(nobodys, 0);
	sets(nobodys, "{\"status\": \"rejected\"}");
	leaves(nobodys, "slot_key");
	noted(nobodys, RULE_WORK_NO_WORKER);
}
END_TEST

START_TEST(decided_work_stays_as_it_was_decided)
{
	struct record *done = planned(&submissions_pass,
				      ANNS("\"status\": \"approved\", \"payable_amount\": 4.5"));
	struct record *odd = planned(&submissions_pass,
				     ANNS("\"status\": \"maybe\", \"payable_amount\": \"x\""));

	comes_with(done, 0);
	leaves(done, "status");
	sets(done, "{\"payable_amount\": 4}");
	noted(done, RULE_WORK_AMOUNT_FLOORED);
	leaves(odd, "status");
	sets(odd, "{\"payable_amount\": 0}");
	noted(odd, RULE_WORK_STATUS_UNKNOWN, RULE_WORK_AMOUNT_BAD);
}
END_TEST

START_TEST(a_further_submission_to_a_task_goes_without_the_key)
{
	struct id further = rule_id(WORK);

	task_known(OPEN_TASK);
	adoption.keyless = &further;
	adoption.keyless_count = 1;
	struct record *work =
		planned(&submissions_pass, ANNS("\"status\": \"pending\", \"payable_amount\": 5"));

	leaves(work, "slot_key");
	noted(work, RULE_WORK_TWICE);
}
END_TEST

START_TEST(work_that_the_journal_paid_is_approved_and_what_was_handed_in_with_us_ours)
{
	task_known(OPEN_TASK);
	struct record *ours = planned(
		&submissions_pass,
		ANNS("\"status\": \"pending\", \"payable_amount\": 5, \"slot_key\": \"k\""));

	sets(ours, "{\"adopted\": 2}");
	leaves(ours, "slot_key");
	noted_none(ours);
	journal_known("approve:" WORK);
	struct record *paid =
		planned(&submissions_pass, ANNS("\"status\": \"pending\", \"payable_amount\": 5"));

	comes_with(paid, 0);
	sets(paid, "{\"status\": \"approved\"}");
	noted(paid, RULE_WORK_PAID);
}
END_TEST

Suite *suite_adoption_work(void)
{
	Suite *suite = suite_create("adoption_work");
	TCase *tcase = tcase_create("plan");

	tcase_add_checked_fixture(tcase, plan_setup, plan_teardown);
	tcase_add_test(tcase, an_ordinary_task_has_its_buyer_and_an_escrow_for_its_open_slots);
	tcase_add_test(tcase,
		       pending_work_takes_slots_and_is_paid_from_the_escrow_also_beyond_them);
	tcase_add_loop_test(tcase, a_task_that_cannot_go_on_ends_without_coins, 0,
			    sizeof ended / sizeof *ended);
	tcase_add_test(tcase, fractions_of_a_price_go);
	tcase_add_test(tcase, a_task_of_ours_is_left_as_it_is);
	tcase_add_test(tcase, ordinary_work_stays_pending_at_its_tasks_price);
	tcase_add_test(tcase, pending_work_without_a_task_is_rejected_and_its_worker_told);
	tcase_add_test(tcase, pending_work_that_nobody_could_pay_for_or_be_paid_for_is_rejected);
	tcase_add_test(tcase, decided_work_stays_as_it_was_decided);
	tcase_add_test(tcase, a_further_submission_to_a_task_goes_without_the_key);
	tcase_add_test(tcase,
		       work_that_the_journal_paid_is_approved_and_what_was_handed_in_with_us_ours);
	suite_add_tcase(suite, tcase);
	return suite;
}
