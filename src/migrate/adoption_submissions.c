/* Submissions: whose they are, and which of the pending ones can still be reviewed and paid. */
#include "migrate/adoption_private.h"

struct known {
	struct task_facts *tasks; /* sorted by their ids */
	size_t count;
	struct late_task
		*late; /* those of them in the books, for work that is pending; sorted, too */
	size_t late_count;
};

/* ---- looking ---- */

static bool task_take(void *context, const bson_t *doc)
{
	struct batch *batch = context;
	struct known *known = batch->known;

	known->tasks[known->count++] = task_facts_of(batch, doc);
	return true;
}

static const struct task_facts *task_of(const struct record *record)
{
	const struct known *known = record->batch->known;
	struct id task;

	return id_read(record->doc, "task_id", &task) ?
		       row_find(known->tasks, known->count, sizeof *known->tasks, &task) :
		       NULL;
}

/* Has it been paid already? Of work for a task in the books: does the escrow hold its price? */
static enum err pending_look(struct batch *batch, struct known *known)
{
	struct doc_array late = doc_array_new(batch->arena);
	bool is_late = batch->adoption->order->late;

	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->records[i];
		const struct task_facts *task = task_of(record);
		bool in_the_books = task && task->marked;

		if (!record_is(record, STATUS_PENDING))
			continue;
		if (in_the_books)
			doc_array_id(&late, &task->id);
		else if (task && is_late)
			journal_want_owner(batch, "task", &task->id);
		if (in_the_books || is_late)
			journal_want(batch, "approve", &record->id);
	}
	return late_read(batch, &late, &known->late, &known->late_count);
}

static enum err submissions_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct known *known = batch->known = arena_alloc(arena, sizeof *known);
	struct doc_array tasks = doc_array_new(arena);
	struct id task;

	known->tasks = arena_alloc(arena, batch->count * sizeof *known->tasks);
	for (size_t i = 0; i < batch->count; i++)
		if (id_read(batch->records[i].doc, "task_id", &task))
			doc_array_id(&tasks, &task);
	bson_t *fields =
		DOC(arena, INT("status", 1), INT("required_workers", 1), INT("payable_amount", 1),
		    INT("buyer_id", 1), INT("buyer_email", 1), INT(MARK, 1));
	enum err err = db_each(batch->db, TASKS, DOC(arena, SUB("_id", ARRAY("$in", tasks.doc))),
			       DOC(arena, PART("projection", fields)), task_take, batch);
	rows_sort(known->tasks, known->count, sizeof *known->tasks);
	return err == OK ? pending_look(batch, known) : err;
}

/* ---- what becomes of pending work ---- */

/* The place for it in the escrow of a task in the books. */
enum place { PLACE_NONE, PLACE_PAID, PLACE_OPEN };

struct outcome {
	enum rule rule;
	const char *reason; /* it is rejected, and its worker told why; NULL: it stays pending */
	enum place place;
};

static enum place place_take(const struct known *known, const struct id *task)
{
	struct late_task *late =
		row_find(known->late, known->late_count, sizeof *known->late, task);

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

static struct outcome outcome_of(const struct record *record, const struct task_facts *task)
{
	struct outcome outcome = { .place = PLACE_NONE };

	if (!task)
		return (struct outcome){ RULE_WORK_NO_TASK, "The task no longer exists.", 0 };
	if (!record->owner)
		return (struct outcome){ RULE_WORK_NO_WORKER, NO_WORKER, 0 };
	if (!task->keeps_work || !record->has_id)
		return (struct outcome){ RULE_WORK_TASK_UNFIT,
					 "The task was cancelled: nobody could pay for it.", 0 };
	if (task->marked)
		outcome.place = place_take(record->batch->known, &task->id);
	if (task->marked && outcome.place == PLACE_NONE)
		return (struct outcome){ RULE_WORK_NO_SLOT, "The task has no open slot left.", 0 };
	return outcome;
}

static void reject(struct record *record, const struct outcome *outcome)
{
	const char *title = doc_text(record->doc, "task_title");

	rejected_set(record, outcome->rule, outcome->reason, "reviewed_date");
	SET(record, DATE("updatedAt", record->batch->call->now));
	if (record->owner)
		rejected_tell(record, &record->owner->id, record->doc, NOTICE_REJECTION,
			      arena_printf(record->batch->arena, "submission for \"%s\"",
					   title ? title : ""),
			      outcome->reason);
}

/* What the books hold changes with work that stays: the task's slots, what its worker has pending. */
static void late_steps(struct record *record, const struct task_facts *task, enum place place)
{
	struct arena *arena = record->batch->arena;

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

/* payer: the task whose price it has from now on; NULL: its own. */
static void amount_set(struct record *record, const struct task_facts *payer)
{
	struct amount amount = amount_read(record->doc, "payable_amount", ADOPTION_PRICE_MOST);
	int64_t price = payer ? payer->price.value : amount.value;

	SET(record, WHOLE("payable_amount", price));
	if (price != amount.value)
		note(record, RULE_WORK_PRICE_SET, 0);
	else
		amount_note(record, amount, RULE_WORK_AMOUNT_FLOORED, RULE_WORK_AMOUNT_BAD);
}

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

static int submission_plan(struct record *record)
{
	const struct task_facts *task = task_of(record);
	bool pending = record_is(record, STATUS_PENDING);
	bool paid = pending && journal_has(record->batch, "approve", &record->id);
	bool open = pending && !paid;
	struct outcome outcome = open ? outcome_of(record, task) : (struct outcome){ 0 };
	bool stays = open && !outcome.reason;

	owners_set(record, task);
	amount_set(record, stays ? task : NULL);
	note_if(!pending && !record_is(record, STATUS_APPROVED) &&
			!record_is(record, STATUS_REJECTED),
		record, RULE_WORK_STATUS_UNKNOWN);
	note_if(!record->owner && !outcome.reason, record, RULE_WORK_OWNERLESS);
	note_if(paid, record, RULE_WORK_PAID);
	if (paid)
		SET(record, STATUS(APPROVED));
	if (outcome.reason)
		reject(record, &outcome);
	if (stays)
		late_steps(record, task, outcome.place);
	/* what was handed in with us has its key from the start, and took its slot then */
	return bson_has_field(record->doc, "slot_key") ? MARK_OURS : MARK_ADOPTED;
}

const struct pass submissions_pass = {
	.doing = "submissions",
	.in = SUBMISSIONS,
	.owner = { BY_WORKER },
	.status = "pending",
	.key = &slot_key,
	.look = submissions_look,
	.plan = submission_plan,
	.in_turn = true,
};
