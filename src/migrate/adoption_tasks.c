/*
 * Tasks: what of their slots is still open, what their escrow opens with.
 *
 * The older server took a task's coins when it was posted and its slots when it approved, so what is pending had taken
 * none. Whatever is left pending of a task is paid from its escrow, which is counted at the task's price.
 */
#include "migrate/adoption_pass.h"

#include "market/tasks.h"
#include "market/words.h"

#include <string.h>

struct task_facts task_facts_of(const struct batch *batch, const bson_t *task)
{
	const char *status = status_of(task, status_name(STATUS_ACTIVE));
	struct task_facts facts = {
		.active = !strcmp(status, status_name(STATUS_ACTIVE)),
		.cancelled = !strcmp(status, status_name(STATUS_CANCELLED)),
		.completed = !strcmp(status, status_name(STATUS_COMPLETED)),
		.price = amount_read(task, "payable_amount", PRICE_MOST),
		.slots = amount_read(task, "required_workers", SLOTS_MOST),
		.marked = is_marked(task),
		.buyer = owner_of(batch, task, BY_BUYER),
	};
	bool has_id = doc_id(task, "_id", &facts.id);

	facts.amounts_good = facts.price.value > 0 && (facts.slots.good || !facts.active);
	facts.keeps_work = has_id && facts.buyer && facts.amounts_good;
	return facts;
}

/* ---- what is pending ---- */

/* Those without a worker are rejected, or, in a dry run, will be. */
static bool pending_take(void *context, const bson_t *row)
{
	struct batch *batch = context;
	struct id task;
	struct record *record = id_read(row, "task_id", &task) ? record_of(batch, &task) : NULL;
	/* handed in with us, it took its slot; without a mark it is of an earlier version of ours, in a dry run */
	bool counted = is_marked(row) || bson_has_field(row, "slot_key");

	if (!record || !(counted || owner_of(batch, row, BY_WORKER)))
		return true;
	record->pending++;
	record->slotless += !counted || doc_whole(row, MARK, 0) == MARK_ADOPTED;
	return true;
}

/* An older record may name its task by text. What has come since the pass over submissions is adopted by the next run,
 * which then finds its task in the books. */
static enum err tasks_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array tasks = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++) {
		const struct id *id = &batch->records[i].id;

		if (!batch->records[i].has_id)
			continue;
		journal_want_owner(batch, "task", id);
		doc_array_id(&tasks, id);
		doc_array_text(&tasks, id_text(arena, id));
	}
	const bson_t *filter =
		DOC(arena, SUB("task_id", ARRAY("$in", tasks.doc)),
		    SUB("status", LIST("$in", BCON_UTF8(status_name(STATUS_PENDING)), BCON_NULL)));
	bson_t *options = DOC(arena, SUB("projection", INT("task_id", 1), INT("worker_id", 1),
					 INT("worker_email", 1), INT("slot_key", 1), INT(MARK, 1)));
	if (!batch->adoption->order->dry_run)
		filter = mark_ask(arena, SUBMISSIONS, filter);
	return db_each(batch->db, SUBMISSIONS, filter, options, pending_take, batch);
}

/* ---- the change ---- */

/* What a task comes to. */
struct task_outcome {
	enum status status;
	int64_t slots, pending; /* open; left pending */
};

static struct task_outcome active_outcome(struct record *record, const struct task_facts *facts)
{
	int64_t slots = facts->slots.value, taken = record->slotless;
	struct task_outcome outcome = { STATUS_ACTIVE, slots > taken ? slots - taken : 0,
					record->pending };

	if (!facts->keeps_work) {
		note(record,
		     facts->amounts_good && record->has_id ? RULE_TASK_NO_BUYER :
							     RULE_TASK_BAD_AMOUNTS,
		     0);
		return (struct task_outcome){ .status = STATUS_CANCELLED };
	}
	note_if(slots && taken, record, RULE_TASK_SLOTS_TAKEN);
	if (taken > slots)
		note(record, RULE_TASK_OVERSUBSCRIBED, (taken - slots) * facts->price.value);
	if (!outcome.slots && !outcome.pending) {
		note(record, RULE_TASK_COMPLETED, 0);
		outcome.status = STATUS_COMPLETED;
	}
	return outcome;
}

static struct task_outcome ended_outcome(struct record *record, const struct task_facts *facts)
{
	int64_t left = facts->keeps_work ? record->pending : 0;

	note_if(!facts->completed && !facts->cancelled, record, RULE_TASK_STATUS_UNKNOWN);
	note_if(facts->slots.value, record, RULE_TASK_ENDED_WITH_SLOTS);
	if (left)
		note(record, RULE_TASK_OVERSUBSCRIBED, left * facts->price.value);
	note_if(!facts->buyer, record, RULE_TASK_OWNERLESS);
	return (struct task_outcome){ facts->cancelled ? STATUS_CANCELLED : STATUS_COMPLETED, 0,
				      left };
}

static void task_set(struct record *record, const struct task_facts *facts,
		     const struct task_outcome *outcome)
{
	const bson_t *task = record->doc;
	int64_t deadline;
	bool dated = date_read(task, "completion_date", &deadline);

	note_if(facts->price.floored || (facts->slots.floored && facts->active), record,
		RULE_TASK_AMOUNTS_FLOORED);
	note_if(!dated && facts->active, record, RULE_TASK_NO_DEADLINE);
	SET(record, TEXT("status", status_name(outcome->status)),
	    WHOLE("required_workers", outcome->slots), WHOLE("payable_amount", facts->price.value),
	    DATE("expires_at", task_closes_at(dated ? deadline : created_at(task))),
	    WHOLE("rev", 0));
	words_set(record->batch->arena, record->set, doc_text(task, "task_title"),
		  doc_text(task, "task_detail"));
}

static int task_plan(struct record *record)
{
	struct arena *arena = record->batch->arena;
	struct task_facts facts = task_facts_of(record->batch, record->doc);
	bool in_the_books = record->has_id && journal_has(record->batch, "task", &record->id);

	note_if(in_the_books, record, RULE_TASK_KNOWN);
	/* as this service writes them; else an older server's, restored over it */
	if (in_the_books && bson_has_field(record->doc, "rev")) {
		record->owner = NULL;
		return MARK_OURS;
	}
	struct task_outcome outcome =
		facts.active ? active_outcome(record, &facts) : ended_outcome(record, &facts);

	task_set(record, &facts, &outcome);
	if (in_the_books)
		return MARK_ADOPTED;
	/* its buyer, who is in the books, has one more */
	if (outcome.status == STATUS_ACTIVE && facts.buyer->marked)
		txn_update(&record->txn, USERS, DOC(arena, ID("_id", &facts.buyer->id)),
			   DOC(arena, SUB("$inc", INT("open_tasks", 1))), ERR_CONFLICT);
	open_account(record, "opening:task", RULE_TASK_OPENED,
		     (outcome.slots + outcome.pending) * facts.price.value);
	return MARK_ADOPTED;
}

const struct pass tasks_pass = {
	.doing = "tasks",
	.in = TASKS,
	.owner = { BY_BUYER },
	.date = "completion_date",
	.look = tasks_look,
	.plan = task_plan,
};
