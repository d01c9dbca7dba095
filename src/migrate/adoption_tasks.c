/*
 * Tasks: what of their slots is still open, what their escrow opens with.
 *
 * The older server took a task's coins when it was posted and its slots when it approved, so what is pending had taken
 * none. Whatever is left pending of a task is paid from its escrow, which is counted at the task's price.
 */
#include "migrate/adoption_private.h"

#include "market/ledger.h"
#include "market/status.h"
#include "market/tasks.h"
#include "market/words.h"
#include "store/doc.h"

#include <string.h>

/* ---- facts ---- */

static int task_status(const bson_t *task)
{
	static const char *const names[] = {
		[TASK_ACTIVE] = "active",
		[TASK_COMPLETE] = "completed",
		[TASK_CANCELLED] = "cancelled",
	};
	const char *status = status_of(task, "active");

	for (int i = TASK_ACTIVE; i < TASK_OTHER; i++)
		if (!strcmp(status, names[i]))
			return i;
	return TASK_OTHER;
}

bson_t *task_facts_options(struct arena *arena)
{
	return DOC(arena, SUB("projection", INT("status", 1), INT("required_workers", 1),
			      INT("payable_amount", 1), INT("buyer_id", 1), INT("buyer_email", 1),
			      INT(MARK, 1)));
}

struct task_facts task_facts_of(const struct batch *batch, const bson_t *task)
{
	struct task_facts facts = {
		.status = task_status(task),
		.price = amount_read(task, "payable_amount", ADOPTION_PRICE_MOST),
		.slots = amount_read(task, "required_workers", ADOPTION_SLOTS_MOST),
		.marked = is_marked(task),
		.buyer = owner_of(batch, task, "buyer_id", "buyer_email"),
	};
	bool has_id = doc_id(task, "_id", &facts.id);

	facts.price_good = facts.price.value > 0;
	facts.slots_good = facts.slots.good || facts.status != TASK_ACTIVE;
	facts.keeps_work = has_id && facts.buyer && facts.price_good && facts.slots_good;
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

	if (!record || !(counted || owner_of(batch, row, "worker_id", "worker_email")))
		return true;
	record->pending++;
	record->slotless += !counted || doc_whole(row, MARK, 0) == MARK_ADOPTED;
	return true;
}

/* An older record may name its task by text. What has come since the pass over submissions is adopted by the next run,
 * which then finds its task in the books. */
static const bson_t *pending_filter(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array tasks = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->records[i].has_id)
			continue;
		doc_array_id(&tasks, &batch->records[i].id);
		doc_array_text(&tasks, id_text(arena, &batch->records[i].id));
	}
	bson_t *filter =
		DOC(arena, SUB("task_id", ARRAY("$in", tasks.doc)),
		    SUB("status", LIST("$in", BCON_UTF8(status_name(STATUS_PENDING)), BCON_NULL)));
	return batch->adoption->order->dry_run ? filter : mark_ask(arena, SUBMISSIONS, filter);
}

static enum err tasks_look(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].has_id)
			journal_want_owner(batch, "task", &batch->records[i].id);
	bson_t *options =
		DOC(batch->arena, SUB("projection", INT("task_id", 1), INT("worker_id", 1),
				      INT("worker_email", 1), INT("slot_key", 1), INT(MARK, 1)));
	return db_each(batch->db, SUBMISSIONS, pending_filter(batch), options, pending_take, batch);
}

/* ---- the change ---- */

/* What a task comes to. */
struct outcome {
	const char *status;
	int64_t slots, pending; /* open; left pending */
};

static struct outcome active_outcome(struct batch *batch, struct record *record,
				     const struct task_facts *facts)
{
	int64_t slots = facts->slots.value, taken = record->slotless;
	struct outcome outcome = { .status = "active", .pending = record->pending };

	if (!facts->keeps_work) {
		bool bad = !facts->price_good || !facts->slots_good || !record->has_id;

		note(batch, record, bad ? RULE_TASK_BAD_AMOUNTS : RULE_TASK_NO_BUYER, 0);
		return (struct outcome){ .status = "cancelled" };
	}
	outcome.slots = slots > taken ? slots - taken : 0;
	if (slots && taken)
		note(batch, record, RULE_TASK_SLOTS_TAKEN, 0);
	if (taken > slots)
		note(batch, record, RULE_TASK_OVERSUBSCRIBED, (taken - slots) * facts->price.value);
	if (!outcome.slots && !outcome.pending) {
		note(batch, record, RULE_TASK_COMPLETED, 0);
		outcome.status = "completed";
	}
	return outcome;
}

static struct outcome ended_outcome(struct batch *batch, struct record *record,
				    const struct task_facts *facts)
{
	bool cancelled = facts->status == TASK_CANCELLED;
	int64_t left = facts->keeps_work ? record->pending : 0;

	if (facts->status == TASK_OTHER)
		note(batch, record, RULE_TASK_STATUS_UNKNOWN, 0);
	if (facts->slots.value)
		note(batch, record, RULE_TASK_ENDED_WITH_SLOTS, 0);
	if (left)
		note(batch, record, RULE_TASK_OVERSUBSCRIBED, left * facts->price.value);
	if (!facts->buyer)
		note(batch, record, RULE_TASK_OWNERLESS, 0);
	return (struct outcome){ .status = cancelled ? "cancelled" : "completed", .pending = left };
}

static void deadline_set(struct batch *batch, struct record *record, const struct task_facts *facts)
{
	const bson_t *task = record->doc;
	int64_t deadline, created = created_at(task);

	if (!date_read(task, "completion_date", &deadline)) {
		if (facts->status == TASK_ACTIVE)
			note(batch, record, RULE_TASK_NO_DEADLINE, 0);
		deadline = created;
	}
	set_date(record->set, task, "completion_date", deadline);
	BSON_APPEND_DATE_TIME(record->set, "expires_at", task_closes_at(deadline));
}

static void fields_set(struct batch *batch, struct record *record, const struct task_facts *facts,
		       const struct outcome *outcome)
{
	const bson_t *task = record->doc;
	bson_t *set = record->set;

	if (facts->price.floored || (facts->slots.floored && facts->status == TASK_ACTIVE))
		note(batch, record, RULE_TASK_AMOUNTS_FLOORED, 0);
	BSON_APPEND_UTF8(set, "status", outcome->status);
	BSON_APPEND_INT64(set, "required_workers", outcome->slots);
	BSON_APPEND_INT64(set, "payable_amount", facts->price.value);
	if (facts->buyer)
		BSON_APPEND_OID(set, "buyer_id", doc_oid(&facts->buyer->id));
	deadline_set(batch, record, facts);
	BSON_APPEND_INT64(set, "rev", 0);
	words_set(batch->arena, set, doc_text(task, "task_title"), doc_text(task, "task_detail"));
	set_times(set, task);
}

/* Its buyer, who is in the books, has one more. */
static void buyer_count(struct batch *batch, struct record *record, const struct task_facts *facts)
{
	const struct person *buyer = facts->buyer;
	struct arena *arena = batch->arena;

	if (buyer && buyer->marked)
		txn_update(&record->txn, USERS, DOC(arena, ID("_id", &buyer->id)),
			   DOC(arena, SUB("$inc", INT("open_tasks", 1))), ERR_CONFLICT);
}

static void task_open(struct batch *batch, struct record *record, const struct task_facts *facts,
		      const struct outcome *outcome)
{
	int64_t escrow = (outcome->slots + outcome->pending) * facts->price.value;

	if (!strcmp(outcome->status, "active"))
		buyer_count(batch, record, facts);
	if (!escrow)
		return;
	note(batch, record, RULE_TASK_OPENED, escrow);
	open_account(batch, record, "task", account_escrow(&record->id), NULL, &record->id, escrow);
}

static void task_plan(struct batch *batch, struct record *record)
{
	struct task_facts facts = task_facts_of(batch, record->doc);
	bool in_the_books = record->has_id && journal_knows(batch, &record->id);

	if (in_the_books)
		note(batch, record, RULE_TASK_KNOWN, 0);
	/* as this service writes them; else an older server's, restored over it */
	if (in_the_books && bson_has_field(record->doc, "rev")) {
		record_change(batch, record, &tasks_pass, MARK_OURS);
		return;
	}
	struct outcome outcome = facts.status == TASK_ACTIVE ?
					 active_outcome(batch, record, &facts) :
					 ended_outcome(batch, record, &facts);

	fields_set(batch, record, &facts, &outcome);
	record_change(batch, record, &tasks_pass, MARK_ADOPTED);
	if (!in_the_books)
		task_open(batch, record, &facts, &outcome);
}

const struct pass tasks_pass = {
	.doing = "tasks",
	.in = TASKS,
	.look = tasks_look,
	.plan = task_plan,
};
