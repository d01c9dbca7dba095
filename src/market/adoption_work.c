/* Submissions: whose they are, and which of the pending ones can still be reviewed and paid. */
#include "market/adoption_private.h"

#include "market/notifications.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

struct known {
	struct people people;
	struct task_facts *tasks; /* in the order of their ids */
	const bson_t **docs;
	size_t count;
	struct arena *arena;
};

/* ---- looking ---- */

static bool task_take(void *context, const bson_t *doc)
{
	struct known *known = context;

	known->docs[known->count++] = doc_copy(known->arena, doc);
	task_facts_want(&known->people, doc);
	return true;
}

static int task_compare(const void *a, const void *b)
{
	const struct task_facts *one = a, *other = b;

	return memcmp(one->id.bytes, other->id.bytes, sizeof one->id.bytes);
}

static const struct task_facts *task_of(const struct known *known, const bson_t *submission)
{
	struct task_facts key = { 0 };

	if (!id_read(submission, "task_id", &key.id))
		return NULL;
	return bsearch(&key, known->tasks, known->count, sizeof key, task_compare);
}

static enum err submissions_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct known *known = arena_alloc(arena, sizeof *known);
	struct doc_array tasks = doc_array_new(arena);
	struct id task;

	batch->known = known;
	known->arena = arena;
	known->docs = arena_alloc(arena, batch->count * sizeof *known->docs);
	people_start(&known->people, batch, arena);
	for (size_t i = 0; i < batch->count; i++) {
		const bson_t *doc = batch->records[i].doc;

		people_want_owner(&known->people, doc, "worker_id", "worker_email");
		people_want_owner(&known->people, doc, "buyer_id", "buyer_email");
		if (id_read(doc, "task_id", &task))
			doc_array_id(&tasks, &task);
	}
	enum err err = db_each(batch->adoption->order->db, TASKS,
			       DOC(arena, "_id", "{", "$in", BCON_ARRAY(tasks.doc), "}"),
			       DOC(arena, "projection", BCON_DOCUMENT(task_facts_fields(arena))),
			       task_take, known);
	if (err == OK)
		err = people_read(&known->people);
	known->tasks = arena_alloc(arena, (known->count + 1) * sizeof *known->tasks);
	for (size_t i = 0; i < known->count && err == OK; i++)
		known->tasks[i] = task_facts_of(&known->people, known->docs[i]);
	qsort(known->tasks, known->count, sizeof *known->tasks, task_compare);
	return err;
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

static void rejected_set(struct batch *batch, struct record *record, const char *reason)
{
	bson_t *set = record->set;

	BSON_APPEND_UTF8(set, "status", "rejected");
	BSON_APPEND_UTF8(set, "rejection_reason", reason);
	BSON_APPEND_DATE_TIME(set, "reviewed_date", batch->call->now);
	BSON_APPEND_DATE_TIME(set, "updatedAt", batch->call->now);
	set_date(set, record->doc, "createdAt", created_at(record->doc));
}

static void worker_tell(struct batch *batch, struct record *record, const struct id *worker,
			const char *reason)
{
	const char *title = doc_text(record->doc, "task_title");

	notify(batch->call, &record->event,
	       &(struct notice){
		       .user = worker,
		       .email = doc_text(record->doc, "worker_email"),
		       .type = "rejection",
		       .page = PAGE_WORKER_SUBMISSIONS,
		       .message = arena_printf(
			       batch->arena, "Your submission for \"%s\" was rejected. Reason: %s",
			       title ? title : "", reason),
	       });
}

/* ---- the change ---- */

static void kept_set(struct batch *batch, struct record *record, bool has_worker)
{
	if (!has_worker)
		note(batch, record, RULE_WORK_OWNERLESS, 0);
	set_default(record->set, record->doc, "status", "pending");
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

static void owners_set(const struct known *known, struct record *record,
		       const struct task_facts *task, const struct id *worker)
{
	struct id id, buyer;

	if (worker)
		BSON_APPEND_OID(record->set, "worker_id", doc_oid(worker));
	if (task && task->has_buyer)
		BSON_APPEND_OID(record->set, "buyer_id", doc_oid(&task->buyer));
	else if (people_owner(&known->people, record->doc, "buyer_id", "buyer_email", &buyer))
		BSON_APPEND_OID(record->set, "buyer_id", doc_oid(&buyer));
	if (id_read(record->doc, "task_id", &id))
		BSON_APPEND_OID(record->set, "task_id", doc_oid(&id));
}

static void submission_plan(struct batch *batch, struct record *record)
{
	struct known *known = batch->known;
	const bson_t *doc = record->doc;
	const char *status = status_of(doc, "pending");
	const struct task_facts *task = task_of(known, doc);
	struct refusal refusal = { 0 };
	struct id worker;
	bool pending = !strcmp(status, "pending");
	bool has_worker = people_owner(&known->people, doc, "worker_id", "worker_email", &worker);

	if (pending)
		refusal = refusal_of(record, task, has_worker);
	else
		status_check(batch, record, status);
	owners_set(known, record, task, has_worker ? &worker : NULL);
	amount_set(batch, record, pending && !refusal.reason ? task : NULL);
	set_date(record->set, doc, "submitted_date", created_at(doc));
	if (refusal.reason)
		rejected_set(batch, record, refusal.reason);
	else
		kept_set(batch, record, has_worker);
	doc_unchanged(record->filter, doc, "status");
	doc_unchanged(record->filter, doc, "payable_amount");
	record_change(batch, record, SUBMISSIONS);
	if (!refusal.reason)
		return;
	note(batch, record, refusal.rule, 0);
	if (has_worker)
		worker_tell(batch, record, &worker, refusal.reason);
}

const struct pass submissions_pass = {
	.doing = "submissions",
	.in = SUBMISSIONS,
	/* what was handed in with us has its key from the start */
	.filter =
		"{\"" ADOPTED_MARK "\": {\"$exists\": false}, \"slot_key\": {\"$exists\": false}}",
	.look = submissions_look,
	.plan = submission_plan,
};
