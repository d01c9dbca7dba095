#include "market/sweep.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "market/audit.h"
#include "market/full_tasks.h"
#include "market/payments_settle.h"
#include "market/removal.h"
#include "market/status.h"
#include "market/submissions.h"
#include "market/tasks.h"
#include "store/doc.h"
#include "store/mark.h"

#include <assert.h>

/* ---- what is due, in batches ---- */

/* A transaction is kept small; what is only looked at comes in larger batches. */
enum { GROUP = 16, LOOK = 500 };
/* A record that cannot be dealt with keeps no other waiting; a database that is away fails one after the other. */
enum { TROUBLES_MAX = 3 };

struct batch {
	/* with an arena that is reset after each, so that any number may be due */
	struct call call;
	const bson_t *docs[LOOK];
	struct id ids[LOOK];
	size_t count;
	int64_t done;
	int troubles; /* in a row */
	enum err err; /* the first */
};

struct due {
	enum collection in;
	const bson_t *filter;
	const bson_t *fields; /* projection; NULL: all */
	size_t batch;
	/* Deals with many at once, and takes out of the batch those that nothing is left to do for; NULL: none. */
	void (*together)(struct batch *batch);
	enum err (*one)(struct call *call, const struct id *id);
};

struct sweeping {
	const struct due *due;
	struct batch batch;
};

/* What someone else did meanwhile, or what must wait, is no trouble. */
static void piece_done(struct batch *batch, enum err err)
{
	bool trouble = err == ERR_UNAVAILABLE || err == ERR_INTERNAL;

	batch->done += err == OK;
	batch->troubles = trouble ? batch->troubles + 1 : 0;
	if (trouble && batch->err == OK)
		batch->err = err;
}

static bool given_up(const struct batch *batch)
{
	return batch->troubles >= TROUBLES_MAX;
}

static void batch_run(struct sweeping *sweeping)
{
	struct batch *batch = &sweeping->batch;
	const struct due *due = sweeping->due;

	if (batch->count && !given_up(batch) && due->together)
		due->together(batch);
	for (size_t i = 0; i < batch->count && !given_up(batch); i++)
		piece_done(batch, due->one(&batch->call, &batch->ids[i]));
	batch->count = 0;
	arena_reset(batch->call.arena);
}

static bool batch_take(void *context, const bson_t *doc)
{
	struct sweeping *sweeping = context;
	struct batch *batch = &sweeping->batch;

	if (!doc_id(doc, "_id", &batch->ids[batch->count]))
		return true;
	batch->docs[batch->count++] = doc_copy(batch->call.arena, doc);
	if (batch->count == sweeping->due->batch)
		batch_run(sweeping);
	return !given_up(batch);
}

static enum err each_due(struct call *call, const struct due *due, int64_t *done)
{
	struct sweeping *sweeping = arena_alloc(call->arena, sizeof *sweeping);
	struct batch *batch = &sweeping->batch;
	bson_t *options = due->fields ? DOC(call->arena, PART("projection", due->fields)) : NULL;

	sweeping->due = due;
	batch->call = *call;
	batch->call.arena = arena_new();
	enum err err = db_each(call->db, due->in, due->filter, options, batch_take, sweeping);
	batch_run(sweeping);
	arena_free(batch->call.arena);
	*done = batch->done;
	return err != OK ? err : batch->err;
}

static const bson_t *id_alone(struct arena *arena)
{
	return DOC(arena, INT("_id", 1));
}

/* ---- deadlines ---- */

struct piece {
	struct call *call;
	const struct id *id;
};

static enum err expire_build(void *context, struct txn *txn)
{
	const struct piece *piece = context;
	const bson_t *task;
	enum err err = call_read(piece->call, TASKS, piece->id, &task);

	return err == OK ? task_expire(piece->call, task, txn) : err;
}

static enum err expire_one(struct call *call, const struct id *id)
{
	enum err err = txn_carry_out(call->db, call->arena, expire_build,
				     &(struct piece){ .call = call, .id = id }, NULL);

	if (err == OK)
		task_settle(call->db, call->arena, id);
	return err;
}

/* Many end at midnight: those of a batch share a transaction, unless one of them meets anything. */
static void expire_together(struct batch *batch)
{
	struct txn txns[GROUP], *group[GROUP];
	enum err err = OK;

	for (size_t i = 0; i < batch->count && err == OK; i++) {
		group[i] = &txns[i];
		txn_start(group[i], batch->call.arena);
		err = task_expire(&batch->call, batch->docs[i], group[i]);
	}
	if (err != OK || txn_commit_group(batch->call.db, group, batch->count) != OK)
		return;
	batch->done += (int64_t)batch->count;
	for (size_t i = 0; i < batch->count; i++)
		task_settle(batch->call.db, batch->call.arena, &batch->ids[i]);
	batch->count = 0;
}

static enum err expire(struct call *call, int64_t *done)
{
	struct arena *arena = call->arena;
	bson_t *filter =
		DOC(arena, STATUS(ACTIVE), NOT_FULL, SUB("required_workers", INT("$gt", 0)),
		    LIST("$or", ITEM(SUB("expires_at", DATE("$lte", call->now))),
			 ITEM(SUB("completion_date", DATE("$lte", call->now),
				  DATE("$ne", call->now - call->now % CLOCK_DAY)))));

	return each_due(call,
			&(struct due){ .in = TASKS,
				       .filter = mark_ask(arena, TASKS, filter),
				       .batch = GROUP,
				       .together = expire_together,
				       .one = expire_one },
			done);
}

/* ---- work that nobody reviewed ---- */

static enum err approve_build(void *context, struct txn *txn)
{
	const struct piece *piece = context;

	return submission_review(piece->call, piece->id, &(struct review){ .approve = true }, txn);
}

static enum err approve_one(struct call *call, const struct id *id)
{
	const struct txn *done;
	enum err err = txn_carry_out(call->db, call->arena, approve_build,
				     &(struct piece){ .call = call, .id = id }, &done);

	if (err == OK)
		submission_reviewed(call, done);
	return err;
}

static enum err approve(struct call *call, int64_t *done)
{
	int64_t before = call->now - call->config->review_days * CLOCK_DAY;
	bson_t *filter =
		DOC(call->arena, STATUS(PENDING), SUB("submitted_date", DATE("$lte", before)));

	if (!call->config->review_days)
		return OK;
	return each_due(call,
			&(struct due){ .in = SUBMISSIONS,
				       .filter = mark_ask(call->arena, SUBMISSIONS, filter),
				       .fields = id_alone(call->arena),
				       .batch = LOOK,
				       .one = approve_one },
			done);
}

/* ---- tasks with nothing left to do ---- */

static bool busy_take(void *context, const bson_t *row)
{
	struct batch *batch = context;
	struct id busy;

	if (!doc_id(row, "_id", &busy))
		return true;
	for (size_t i = 0; i < batch->count; i++)
		if (id_equal(&batch->ids[i], &busy)) {
			batch->ids[i] = batch->ids[--batch->count];
			break;
		}
	return true;
}

/* Takes those out that have work to be reviewed: nearly all of them, told by one look at an index. */
static void busy_leave_out(struct batch *batch)
{
	struct arena *arena = batch->call.arena;
	struct doc_array ids = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++)
		doc_array_id(&ids, &batch->ids[i]);
	enum err err = db_aggregate(
		batch->call.db, SUBMISSIONS,
		PIPELINE(arena,
			 STAGE("$match", SUB("task_id", ARRAY("$in", ids.doc)), STATUS(PENDING)),
			 STAGE("$group", TEXT("_id", "$task_id"))),
		NULL, busy_take, batch);
	if (err == OK)
		return;
	piece_done(batch, err);
	batch->count = 0;
}

static enum err complete_one(struct call *call, const struct id *id)
{
	return task_complete(call->db, call->arena, id);
}

static enum err complete(struct call *call, int64_t *done)
{
	bson_t *filter = DOC(call->arena, STATUS(ACTIVE), BOOL("full", true));
	enum err err = full_tasks_note(call->db, call->arena);

	if (err != OK)
		return err;
	return each_due(call,
			&(struct due){ .in = TASKS,
				       .filter = filter,
				       .fields = id_alone(call->arena),
				       .batch = LOOK,
				       .together = busy_leave_out,
				       .one = complete_one },
			done);
}

/* ---- users on their way out ---- */

/* How long a run works on removals, all together: a user with very many records does not hold up the others for
 * ever. */
enum { REMOVALS_MS = 20000 };

static int64_t removals_left(const struct call *call)
{
	int64_t left = REMOVALS_MS - (clock_now() - call->now);

	return left > 0 ? left : 0;
}

static enum err remove_one(struct call *call, const struct id *id)
{
	int64_t left = removals_left(call);

	return left ? removal_go_on(call->db, id, left) : ERR_CONFLICT;
}

static enum err look_again(struct call *call, const struct id *id)
{
	int64_t left = removals_left(call);

	return left ? removal_look_again(call->db, id, left) : ERR_CONFLICT;
}

static enum err remove_users(struct call *call, int64_t *done)
{
	struct call from_now = *call;
	const bson_t *fields = id_alone(call->arena);
	int64_t looked;

	from_now.now = clock_now();
	const struct due closing = { .in = USERS,
				     .filter = DOC(call->arena, BOOL("closing", true)),
				     .fields = fields,
				     .batch = LOOK,
				     .one = remove_one };
	const struct due left = { .in = META,
				  .filter = removal_look_due(call->arena, from_now.now),
				  .fields = fields,
				  .batch = LOOK,
				  .one = look_again };
	enum err err = each_due(&from_now, &closing, done);
	return err == OK ? each_due(&from_now, &left, &looked) : err;
}

/* ---- all of it ---- */

static enum err audit(struct call *call, int64_t *done)
{
	bool ran = false;
	enum err err = audit_run_asked(call->db, call->arena, &ran);

	*done = ran;
	return err;
}

static const struct duty {
	const char *done;
	enum err (*run)(struct call *call, int64_t *done);
} duties[] = {
	{ "expired", expire },
	{ "approved", approve },
	{ "completed", complete },
	{ "removed", remove_users },
	{ "reversed", payments_back_settle },
	{ "settled", payments_look_up },
	{ "audited", audit },
};
static_assert(COUNT_OF(duties) == SWEEP_DUTIES, "each duty has its thread");

enum err sweep_duty(struct call *call, size_t duty)
{
	int64_t done = 0;
	enum err err = duties[duty].run(call, &done);

	if (done)
		log_line(LOG_INFO, NULL, "swept: %lld %s", (long long)done, duties[duty].done);
	return err;
}
