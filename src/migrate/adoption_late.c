/*
 * What comes late, when the data is adopted and in use: is there anything, and what do the books hold for it?
 *
 * Work that comes late for a task in the books may have its slot: it was handed in to us, and restored since. Or not: an
 * older server ran on. The journal tells: a task's escrow has what its open slots, its pending work in the books and such
 * work are worth.
 */
#include "migrate/adoption_private.h"

#include "market/status.h"
#include "store/doc.h"
#include "store/snapshot.h"

/* ---- tasks in the books ---- */

struct late_task *late_task_of(const struct late_tasks *late, const struct id *task)
{
	return row_find(late->list, late->count, sizeof *late->list, task);
}

void late_want(struct late_tasks *late, struct batch *batch, const struct id *task)
{
	if (!late->wanted.doc)
		late->wanted = doc_array_new(batch->arena);
	doc_array_id(&late->wanted, task);
}

static int64_t price_of(const bson_t *task)
{
	int64_t price = doc_whole(task, "payable_amount", 0);

	return price > 0 ? price : 1;
}

/* With prices, until the journal's coins are divided by them. */
static void tasks_take(struct late_tasks *late, struct rows *rows, struct arena *arena)
{
	const bson_t *task;

	late->list = arena_alloc(arena, late->wanted.count * sizeof *late->list);
	while ((task = rows_next(rows)) && late->count < late->wanted.count)
		late->list[late->count++] = (struct late_task){
			.id = doc_own_id(task),
			.open = status_is(task, STATUS_ACTIVE) ?
					doc_whole(task, "required_workers", 0) :
					0,
			.price = price_of(task),
		};
	rows_sort(late->list, late->count, sizeof *late->list);
}

/* {_id: a task, n} each. */
static void rows_apply(struct late_tasks *late, struct rows *rows,
		       void (*apply)(struct late_task *task, int64_t n))
{
	const bson_t *row;
	struct id id;

	while ((row = rows_next(rows))) {
		struct late_task *task = doc_id(row, "_id", &id) ? late_task_of(late, &id) : NULL;

		if (task)
			apply(task, doc_whole(row, "n", 0));
	}
}

static void escrow_apply(struct late_task *task, int64_t coins)
{
	task->paid = coins / task->price - task->open;
}

static void pending_apply(struct late_task *task, int64_t pending)
{
	task->paid -= pending;
}

static const char escrows[] = JSON([
	{
		"$set" : {
			"in" : { "$eq" : [ { "$substrBytes" : [ "$to", 0, 7 ] }, "escrow:" ] },
			"out" : { "$eq" : [ { "$substrBytes" : [ "$from", 0, 7 ] }, "escrow:" ] }
		}
	},
	{
		"$group" : {
			"_id" : "$task",
			"in" : { "$sum" : { "$cond" : [ "$in", "$coins", 0 ] } },
			"out" : { "$sum" : { "$cond" : [ "$out", "$coins", 0 ] } }
		}
	},
	{ "$project" : { "n" : { "$subtract" : [ "$in", "$out" ] } } }
]);

/* How many coins each escrow has. */
static struct rows *escrows_read(struct snapshot *snapshot, struct arena *arena,
				 const bson_t *tasks)
{
	bson_t *theirs = DOC(arena, SUB("task", ARRAY("$in", tasks)));

	return snapshot_aggregate(snapshot, LEDGER, doc_pipeline(arena, theirs, escrows));
}

static struct rows *pending_read(struct snapshot *snapshot, struct arena *arena,
				 const bson_t *tasks)
{
	bson_t *pending = DOC(arena, SUB("task_id", ARRAY("$in", tasks)), STATUS(PENDING));

	return snapshot_aggregate(
		snapshot, SUBMISSIONS,
		PIPELINE(arena, ITEM(PART("$match", mark_ask(arena, SUBMISSIONS, pending))),
			 STAGE("$group", TEXT("_id", "$task_id"), SUB("n", INT("$sum", 1)))));
}

enum err late_read(struct late_tasks *late, struct batch *batch)
{
	struct arena *arena = batch->arena;

	if (!late->wanted.count)
		return OK;
	struct snapshot *snapshot = snapshot_open(batch->db, arena, 0);
	bson_t *wanted = DOC(arena, SUB("_id", ARRAY("$in", late->wanted.doc)));
	const bson_t *filter = mark_ask(arena, TASKS, wanted);

	tasks_take(late, snapshot_find(snapshot, TASKS, filter, DOC(arena, NULL)), arena);
	rows_apply(late, escrows_read(snapshot, arena, late->wanted.doc), escrow_apply);
	rows_apply(late, pending_read(snapshot, arena, late->wanted.doc), pending_apply);
	return snapshot_error(snapshot);
}

/* ---- is there anything? ---- */

static bool count_take(void *context, const bson_t *row)
{
	*(int64_t *)context += doc_whole(row, "n", 0);
	return true;
}

/* How many of the newest records that are worth something does the journal not know? */
static enum err sample_read(struct adoption *adoption, enum collection in, const char *field,
			    const char *amount, int64_t *unknown)
{
	struct arena *arena = arena_new();
	bson_t *look = DOC(arena, TEXT("from", collection_name(LEDGER)), TEXT("localField", "_id"),
			   TEXT("foreignField", field), LIST("pipeline", ITEM(INT("$limit", 1))),
			   TEXT("as", "rows"));
	bson_t *worth = DOC(arena, SUB(amount, INT("$gte", 1)));
	bson_t *stages = PIPELINE(arena, STAGE("$sort", INT("_id", -1)), ITEM(INT("$limit", 1000)),
				  ITEM(PART("$match", mark_ask(arena, in, worth))),
				  ITEM(PART("$lookup", look)), STAGE("$match", EMPTY_LIST("rows")),
				  ITEM(TEXT("$count", "n")));
	enum err err = db_aggregate(adoption->order->db, in, stages, NULL, count_take, unknown);

	arena_free(arena);
	return err;
}

/* Somebody may have dropped the journal, or restored an older one. The audit names all; this is to be quick. */
static enum err journal_look(struct adoption *adoption)
{
	int64_t unknown = 0;
	enum err err = sample_read(adoption, USERS, "user", "coins", &unknown);

	if (err == OK)
		err = sample_read(adoption, TASKS, "task", "required_workers", &unknown);
	if (err == OK && unknown)
		fprintf(adoption->order->report,
			"The journal lacks %lld of the newest users and tasks: was the ledger dropped, or "
			"restored from an older backup? microtaskctl audit names them.\n",
			(long long)unknown);
	return err;
}

enum err late_look(struct adoption *adoption, bool *any)
{
	struct arena *arena = arena_new();
	const bson_t *unmarked;
	enum err err = unmarked_count(adoption->order->db, arena, 1, &unmarked);

	*any = !bson_empty(unmarked);
	if (err == OK && adoption->order->late)
		err = journal_look(adoption);
	arena_free(arena);
	return err;
}
