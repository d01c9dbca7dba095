/* Submissions: whose they are, and which of the pending ones can still be reviewed and paid. */
#include "migrate/adoption_pass.h"

#include "store/snapshot.h"

#include <string.h>

/* ---- looking ---- */

/* What is known of the task that a field names. */
static struct task_facts *task_of(const struct batch *batch, const bson_t *doc, const char *field)
{
	struct id task;

	return id_read(doc, field, &task) ? row_of(batch, sizeof(struct task_facts), &task) : NULL;
}

static bool task_take(void *context, const bson_t *doc)
{
	struct task_facts task = task_facts_of(context, doc);

	row_add(context, &task, sizeof task);
	return true;
}

static bool is_escrow(const bson_t *row, const char *side)
{
	const char *prefix = account_prefix(ACCOUNT_ESCROW), *account = doc_text(row, side);

	return account && !strncmp(account, prefix, strlen(prefix));
}

/*
 * Work that comes late for a task in the books may have its slot: it was handed in to us, and restored since. Or not:
 * an older server ran on. The journal tells: a task's escrow has what its open slots, its pending work in the books and
 * such work are worth, at any one moment.
 */
static enum err escrows_look(struct batch *batch, const bson_t *ids, const bson_t *options)
{
	struct arena *arena = batch->arena;
	struct snapshot *snapshot = snapshot_open(batch->db, arena, 0);
	bson_t *tasks = DOC(arena, SUB("_id", ARRAY("$in", ids)));
	bson_t *theirs = DOC(arena, SUB("task", ARRAY("$in", ids)));
	bson_t *pending = DOC(arena, SUB("task_id", ARRAY("$in", ids)), STATUS(PENDING));
	struct snapshot_rows *rows =
		snapshot_find(snapshot, TASKS, mark_ask(arena, TASKS, tasks), options);
	struct task_facts *task;
	const bson_t *row;

	while ((row = snapshot_next(rows)))
		if ((task = task_of(batch, row, "_id")))
			*task = task_facts_of(batch, row);
	rows = snapshot_find(snapshot, LEDGER, theirs,
			     DOC(arena, SUB("projection", INT("task", 1), INT("from", 1),
					    INT("to", 1), INT("coins", 1))));
	while ((row = snapshot_next(rows)))
		if ((task = task_of(batch, row, "task")))
			task->escrow += (is_escrow(row, "to") - is_escrow(row, "from")) *
					doc_whole(row, "coins", 0);
	rows = snapshot_find(snapshot, SUBMISSIONS, mark_ask(arena, SUBMISSIONS, pending),
			     DOC(arena, SUB("projection", INT("task_id", 1))));
	while ((row = snapshot_next(rows)))
		if ((task = task_of(batch, row, "task_id")))
			task->taken++;
	return snapshot_error(snapshot);
}

/* Also, of pending work: has it been paid already? */
static enum err submissions_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array tasks = doc_array_new(arena), in_the_books = doc_array_new(arena);
	bool is_late = batch->adoption->order->late;
	struct id id;

	for (size_t i = 0; i < batch->count; i++)
		if (id_read(batch->records[i].doc, "task_id", &id))
			doc_array_id(&tasks, &id);
	bson_t *options = DOC(arena, SUB("projection", INT("status", 1), INT("required_workers", 1),
					 INT("payable_amount", 1), INT("buyer_id", 1),
					 INT("buyer_email", 1), INT(MARK, 1)));
	enum err err = db_each(batch->db, TASKS, DOC(arena, SUB("_id", ARRAY("$in", tasks.doc))),
			       options, task_take, batch);
	rows_sort(batch->rows, batch->row_count, sizeof(struct task_facts));
	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->records[i];
		const struct task_facts *task = task_of(batch, record->doc, "task_id");
		bool marked = task && task->marked;

		if (!record_is(record, STATUS_PENDING))
			continue;
		if (marked)
			doc_array_id(&in_the_books, &task->id);
		else if (task && is_late)
			journal_want_owner(batch, "task", &task->id);
		if (marked || is_late)
			journal_want(batch, "approve", &record->id);
	}
	return err == OK && in_the_books.count ? escrows_look(batch, in_the_books.doc, options) :
						 err;
}

/* ---- what becomes of pending work ---- */

/* Where its price is, if its task is in the books: nowhere, in the escrow already, or in an open slot. */
enum place { PLACE_NONE, PLACE_PAID, PLACE_OPEN };

struct work_outcome {
	enum rule rule;
	const char *reason; /* it is rejected, and its worker told why; NULL: it stays pending */
	enum place place;
};

static enum place place_take(struct task_facts *task)
{
	int64_t open = task->active ? task->slots.value : 0;
	bool paid = task->escrow / task->price.value > open + task->taken;

	if (!paid && !open)
		return PLACE_NONE;
	task->taken++;
	task->slots.value -= !paid;
	return paid ? PLACE_PAID : PLACE_OPEN;
}

static struct work_outcome outcome_of(const struct record *record, struct task_facts *task)
{
	struct work_outcome outcome = { .place = PLACE_NONE };

	if (!task)
		return (struct work_outcome){ RULE_WORK_NO_TASK, "The task no longer exists.", 0 };
	if (!record->owner)
		return (struct work_outcome){ RULE_WORK_NO_WORKER, NO_WORKER, 0 };
	if (!task->keeps_work || !record->has_id)
		return (struct work_outcome){ RULE_WORK_TASK_UNFIT,
					      "The task was cancelled: nobody could pay for it.",
					      0 };
	if (task->marked)
		outcome.place = place_take(task);
	if (task->marked && outcome.place == PLACE_NONE)
		return (struct work_outcome){ RULE_WORK_NO_SLOT, "The task has no open slot left.",
					      0 };
	return outcome;
}

static void work_reject(struct record *record, const struct work_outcome *outcome)
{
	const char *title = doc_text(record->doc, "task_title");
	const char *what =
		arena_printf(record->batch->arena, "submission for \"%s\"", title ? title : "");

	reject(record, outcome->rule, outcome->reason, "reviewed_date");
	SET(record, DATE("updatedAt", record->batch->call.now));
	if (record->owner)
		rejected_tell(record, &record->owner->id, record->doc, what, outcome->reason);
}

/* Keeps work pending, at its task's price. The task's slots and its worker's pending work change with it, where these
 * are in the books. */
static void work_keep(struct record *record, const struct task_facts *task, enum place place)
{
	struct arena *arena = record->batch->arena;
	struct amount amount = amount_read(record->doc, "payable_amount", PRICE_MOST);

	if (amount.value != task->price.value) {
		note(record, RULE_WORK_PRICE_SET, 0);
		SET(record, WHOLE("payable_amount", task->price.value));
	}
	if (place == PLACE_OPEN) {
		note(record, RULE_WORK_SLOT_TAKEN, 0);
		txn_update(&record->txn, TASKS,
			   DOC(arena, ID("_id", &task->id), STATUS(ACTIVE),
			       SUB("required_workers", INT("$gt", 0))),
			   DOC(arena, SUB("$inc", WHOLE("required_workers", -1), WHOLE("rev", 1))),
			   ERR_CONFLICT);
	}
	/* else it is restored, and was counted when it was handed in or adopted */
	bool is_new = place == PLACE_OPEN ||
		      (!task->marked && !journal_has(record->batch, "task", &task->id));
	if (is_new && record->owner->marked)
		txn_update(&record->txn, USERS, DOC(arena, ID("_id", &record->owner->id)),
			   DOC(arena, SUB("$inc", INT("pending_submissions", 1))), ERR_CONFLICT);
}

/* ---- the change ---- */

static void owners_set(struct record *record, const struct task_facts *task)
{
	const struct person *buyer =
		task && task->buyer ? task->buyer : owner_of(record->batch, record->doc, BY_BUYER);
	struct id id;

	if (buyer)
		SET(record, ID("buyer_id", &buyer->id));
	if (id_read(record->doc, "task_id", &id))
		SET(record, ID("task_id", &id));
}

static const char *slot_text(const struct batch *batch, const bson_t *submission)
{
	const struct person *worker = owner_of(batch, submission, BY_WORKER);
	struct id task;

	return worker && id_read(submission, "task_id", &task) ?
		       arena_printf(batch->arena, "%s:%s", id_text(batch->arena, &worker->id),
				    id_text(batch->arena, &task)) :
		       NULL;
}

static int submission_plan(struct record *record)
{
	struct task_facts *task = task_of(record->batch, record->doc, "task_id");
	bool pending = record_is(record, STATUS_PENDING);
	bool paid = pending && journal_has(record->batch, "approve", &record->id);
	bool open = pending && !paid;
	struct work_outcome outcome = open ? outcome_of(record, task) : (struct work_outcome){ 0 };
	bool stays = open && !outcome.reason;

	owners_set(record, task);
	note_if(!pending && !record_is(record, STATUS_APPROVED) &&
			!record_is(record, STATUS_REJECTED),
		record, RULE_WORK_STATUS_UNKNOWN);
	note_if(!record->owner && !outcome.reason, record, RULE_WORK_OWNERLESS);
	note_if(paid, record, RULE_WORK_PAID);
	if (paid)
		SET(record, STATUS(APPROVED));
	if (outcome.reason)
		work_reject(record, &outcome);
	if (stays)
		work_keep(record, task, outcome.place);
	/* what was handed in with us has its key from the start, and took its slot then */
	return bson_has_field(record->doc, "slot_key") ? MARK_OURS : MARK_ADOPTED;
}

const struct pass submissions_pass = {
	.doing = "submissions",
	.in = SUBMISSIONS,
	.owner = { BY_WORKER },
	.status = "pending",
	.date = "submitted_date",
	.coins = { "payable_amount", NULL, PRICE_MOST, RULE_WORK_AMOUNT_FLOORED,
		   RULE_WORK_AMOUNT_BAD },
	.key = { "slot_key", RULE_WORK_TWICE, STATUS_APPROVED, slot_text },
	.look = submissions_look,
	.plan = submission_plan,
	.in_turn = true,
};
