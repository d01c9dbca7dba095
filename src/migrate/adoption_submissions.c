/* Submissions: whose they are, and which of the pending ones can still be reviewed and paid. */
#include "migrate/adoption_private.h"

#include "market/notifications.h"
#include "market/status.h"
#include "store/doc.h"

#include <string.h>

struct known {
	struct late_tasks late; /* those of the tasks that are in the books */
	struct task_facts *tasks; /* in the order of their ids */
	size_t count;
};

/* ---- looking ---- */

static bool task_take(void *context, const bson_t *doc)
{
	struct batch *batch = context;
	struct known *known = batch->known;

	known->tasks[known->count++] = task_facts_of(batch, doc);
	return true;
}

static const struct task_facts *task_of(const struct known *known, const bson_t *submission)
{
	struct id task;

	return id_read(submission, "task_id", &task) ?
		       row_find(known->tasks, known->count, sizeof *known->tasks, &task) :
		       NULL;
}

/* Has it been paid already? Of work for a task in the books: does the escrow hold its price? */
static enum err late_work_look(struct batch *batch, struct known *known)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->records[i];
		const struct task_facts *task = task_of(known, record->doc);
		bool in_the_books = task && task->marked;

		if (strcmp(status_of(record->doc, "pending"), "pending"))
			continue;
		if (in_the_books)
			late_want(&known->late, batch, &task->id);
		else if (task && batch->adoption->order->late)
			journal_want_owner(batch, "task", &task->id);
		if (in_the_books || batch->adoption->order->late)
			journal_want(batch, "approve", &record->id);
	}
	return late_read(&known->late, batch);
}

static enum err submissions_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct known *known = arena_alloc(arena, sizeof *known);
	struct doc_array tasks = doc_array_new(arena);
	struct id task;

	batch->known = known;
	known->tasks = arena_alloc(arena, batch->count * sizeof *known->tasks);
	for (size_t i = 0; i < batch->count; i++)
		if (id_read(batch->records[i].doc, "task_id", &task))
			doc_array_id(&tasks, &task);
	enum err err = db_each(batch->db, TASKS, DOC(arena, SUB("_id", ARRAY("$in", tasks.doc))),
			       task_facts_options(arena), task_take, batch);
	rows_sort(known->tasks, known->count, sizeof *known->tasks);
	return err == OK ? late_work_look(batch, known) : err;
}

/* ---- rejecting ---- */

struct refusal {
	enum rule rule;
	const char *reason; /* told to the worker; NULL: it stays pending */
};

static struct refusal refusal_of(const struct record *record, const struct task_facts *task,
				 bool has_worker)
{
	if (!task)
		return (struct refusal){ RULE_WORK_NO_TASK, "The task no longer exists." };
	if (!has_worker)
		return (struct refusal){ RULE_WORK_NO_WORKER,
					 "The worker's account no longer exists." };
	if (!task->keeps_work || !record->has_id)
		return (struct refusal){ RULE_WORK_TASK_UNFIT,
					 "The task was cancelled: nobody could pay for it." };
	return (struct refusal){ 0 };
}

/* A place for it in the escrow of a task in the books. */
enum place { PLACE_NONE, PLACE_PAID, PLACE_OPEN };

static enum place place_take(const struct known *known, const struct task_facts *task)
{
	struct late_task *late = late_task_of(&known->late, &task->id);

	if (late && late->paid > 0) {
		late->paid--;
		return PLACE_PAID;
	}
	if (late && late->open > 0) {
		late->open--;
		return PLACE_OPEN;
	}
	return PLACE_NONE;
}

static void rejected_set(struct batch *batch, struct record *record, const char *reason)
{
	bson_t *set = record->set;

	BSON_APPEND_UTF8(set, "status", status_name(STATUS_REJECTED));
	BSON_APPEND_UTF8(set, "rejection_reason", reason);
	BSON_APPEND_DATE_TIME(set, "reviewed_date", batch->call->now);
	BSON_APPEND_DATE_TIME(set, "updatedAt", batch->call->now);
	set_date(set, record->doc, "createdAt", created_at(record->doc));
}

static void worker_tell(struct batch *batch, struct record *record, const struct id *worker,
			const char *reason)
{
	const char *title = doc_text(record->doc, "task_title");

	notify(batch->call, &record->txn,
	       &(struct notice){
		       .user = worker,
		       .email = doc_text(record->doc, "worker_email"),
		       .kind = NOTICE_REJECTION,
		       .page = PAGE_WORKER_SUBMISSIONS,
		       .message = arena_printf(
			       batch->arena, "Your submission for \"%s\" was rejected. Reason: %s",
			       title ? title : "", reason),
	       });
}

/* ---- the change ---- */

static void kept_set(struct batch *batch, struct record *record, bool has_worker, bool paid)
{
	if (!has_worker)
		note(batch, record, RULE_WORK_OWNERLESS, 0);
	if (paid) {
		note(batch, record, RULE_WORK_PAID, 0);
		BSON_APPEND_UTF8(record->set, "status", status_name(STATUS_APPROVED));
	} else {
		set_default(record->set, record->doc, "status", status_name(STATUS_PENDING));
	}
	set_times(record->set, record->doc);
}

static void amount_set(struct batch *batch, struct record *record, const struct task_facts *payer)
{
	struct amount amount = amount_read(record->doc, "payable_amount", ADOPTION_PRICE_MOST);
	int64_t price = payer ? payer->price.value : amount.value;

	BSON_APPEND_INT64(record->set, "payable_amount", price);
	if (payer && amount.value != price)
		note(batch, record, RULE_WORK_PRICE_SET, 0);
	else if (amount.floored)
		note(batch, record, RULE_WORK_AMOUNT_FLOORED, 0);
	else if (!amount.good)
		note(batch, record, RULE_WORK_AMOUNT_BAD, 0);
}

static void status_check(struct batch *batch, struct record *record, const char *status)
{
	if (strcmp(status, "approved") && strcmp(status, "rejected"))
		note(batch, record, RULE_WORK_STATUS_UNKNOWN, 0);
}

static void owners_set(struct batch *batch, struct record *record, const struct task_facts *task)
{
	struct id id;

	if (task && task->buyer)
		BSON_APPEND_OID(record->set, "buyer_id", doc_oid(&task->buyer->id));
	else
		owner_set(batch, record, "buyer_id", "buyer_email");
	if (id_read(record->doc, "task_id", &id))
		BSON_APPEND_OID(record->set, "task_id", doc_oid(&id));
}

/* What the books hold changes with it: the task's slots, what its worker has pending. */
static void late_steps(struct batch *batch, struct record *record, const struct task_facts *task,
		       enum place place, const struct person *worker)
{
	struct arena *arena = batch->arena;

	if (place == PLACE_OPEN) {
		note(batch, record, RULE_WORK_SLOT_TAKEN, 0);
		txn_update(&record->txn, TASKS,
			   DOC(arena, ID("_id", &task->id), STATUS(ACTIVE),
			       SUB("required_workers", INT("$gt", 0))),
			   DOC(arena, SUB("$inc", WHOLE("required_workers", -1), WHOLE("rev", 1))),
			   ERR_CONFLICT);
	}
	/* else it is restored, and was counted when it was handed in or adopted */
	bool is_new = place == PLACE_OPEN || (!task->marked && !journal_knows(batch, &task->id));
	if (is_new && worker->marked)
		txn_update(&record->txn, USERS, DOC(arena, ID("_id", &worker->id)),
			   DOC(arena, SUB("$inc", INT("pending_submissions", 1))), ERR_CONFLICT);
}

/* What becomes of it. */
struct outcome {
	bool paid; /* as the journal says */
	bool stays; /* pending */
	struct refusal refusal;
	enum place place; /* of one that stays, for a task in the books */
};

static struct outcome outcome_of(struct batch *batch, struct record *record,
				 const struct task_facts *task, bool has_worker)
{
	const struct known *known = batch->known;
	const char *status = status_of(record->doc, "pending");
	struct outcome outcome = { 0 };

	if (strcmp(status, "pending")) {
		status_check(batch, record, status);
		return outcome;
	}
	outcome.paid = journal_has(batch, "approve", &record->id);
	if (outcome.paid)
		return outcome;
	outcome.refusal = refusal_of(record, task, has_worker);
	if (!outcome.refusal.reason && task->marked) {
		outcome.place = place_take(known, task);
		if (outcome.place == PLACE_NONE)
			outcome.refusal = (struct refusal){ RULE_WORK_NO_SLOT,
							    "The task has no open slot left." };
	}
	outcome.stays = !outcome.refusal.reason;
	return outcome;
}

static void submission_plan(struct batch *batch, struct record *record)
{
	const struct known *known = batch->known;
	const bson_t *doc = record->doc;
	const struct task_facts *task = task_of(known, doc);
	const struct person *worker = owner_set(batch, record, "worker_id", "worker_email");
	struct outcome outcome = outcome_of(batch, record, task, worker != NULL);
	const struct refusal *refusal = &outcome.refusal;

	owners_set(batch, record, task);
	amount_set(batch, record, outcome.stays ? task : NULL);
	set_date(record->set, doc, "submitted_date", created_at(doc));
	if (refusal->reason)
		rejected_set(batch, record, refusal->reason);
	else
		kept_set(batch, record, worker != NULL, outcome.paid);
	/* what was handed in with us has its key from the start, and took its slot then */
	record_change(batch, record, &submissions_pass,
		      bson_has_field(doc, "slot_key") ? MARK_OURS : MARK_ADOPTED);
	if (outcome.stays)
		late_steps(batch, record, task, outcome.place, worker);
	if (!refusal->reason)
		return;
	note(batch, record, refusal->rule, 0);
	if (worker)
		worker_tell(batch, record, &worker->id, refusal->reason);
}

const struct pass submissions_pass = {
	.doing = "submissions",
	.in = SUBMISSIONS,
	.key = &slot_key,
	.look = submissions_look,
	.plan = submission_plan,
	.in_turn = true,
};
