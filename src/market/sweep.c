#include "market/sweep.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "market/audit.h"
#include "market/payments_settle.h"
#include "market/removal.h"
#include "market/submissions.h"
#include "market/tasks.h"
#include "store/doc.h"

/* One kind of due work: records found by a filter, each a piece of its own. */
struct sweeping {
	struct call
		call; /* with an arena that is reset after each piece, so that any number may be due */
	enum err (*piece)(struct call *call, const struct id *id);
	int64_t done;
	enum err err;
};

/* What someone else did meanwhile, or what must wait, does not end the sweep; a database that is away does. */
static bool piece_run(void *context, const bson_t *doc)
{
	struct sweeping *sweeping = context;
	struct id id;

	if (!doc_id(doc, "_id", &id))
		return true;
	enum err err = sweeping->piece(&sweeping->call, &id);
	arena_reset(sweeping->call.arena);
	sweeping->done += err == OK;
	if (err == ERR_UNAVAILABLE || err == ERR_INTERNAL)
		sweeping->err = err;
	return sweeping->err == OK;
}

static enum err each_due(struct call *call, enum collection in, const bson_t *filter,
			 enum err (*piece)(struct call *call, const struct id *id), int64_t *done)
{
	struct sweeping sweeping = { .call = *call, .piece = piece };
	bson_t *options = DOC(call->arena, "projection", "{", "_id", BCON_INT32(1), "}");

	sweeping.call.arena = arena_new();
	enum err err = db_each(call->db, in, filter, options, piece_run, &sweeping);
	arena_free(sweeping.call.arena);
	*done = sweeping.done;
	return err != OK ? err : sweeping.err;
}

/* ---- deadlines ---- */

static enum err expire_one(struct call *call, const struct id *id)
{
	struct event event;
	const bson_t *task;
	enum err err = db_find_id(call->db, call->arena, TASKS, id, &task);

	if (err != OK || !task)
		return err != OK ? err : ERR_NOT_FOUND;
	event_start(&event, call->arena);
	err = task_expire(call, task, &event);
	return err == OK ? store_commit(call->db, &event) : err;
}

static enum err expire(struct call *call, int64_t *done)
{
	struct arena *arena = call->arena;
	bson_t *filter = DOC(arena, "status", BCON_UTF8("active"), "required_workers", "{", "$gt",
			     BCON_INT32(0), "}", "$or", "[", "{", "expires_at", "{", "$lte",
			     BCON_DATE_TIME(call->now), "}", "}", "{", "completion_date", "{",
			     "$lte", BCON_DATE_TIME(call->now), "$ne",
			     BCON_DATE_TIME(call->now - call->now % CLOCK_DAY), "}", "}", "]");

	return each_due(call, TASKS, filter, expire_one, done);
}

/* ---- work that nobody reviewed ---- */

static enum err approve_one(struct call *call, const struct id *id)
{
	struct event event;

	event_start(&event, call->arena);
	enum err err = submission_review(call, id, &(struct review){ .approve = true }, &event);
	return err == OK ? store_commit(call->db, &event) : err;
}

static enum err approve(struct call *call, int64_t *done)
{
	int64_t before = call->now - call->config->review_days * CLOCK_DAY;
	bson_t *filter = DOC(call->arena, "status", BCON_UTF8("pending"), "submitted_date", "{",
			     "$lte", BCON_DATE_TIME(before), "}");

	return call->config->review_days ? each_due(call, SUBMISSIONS, filter, approve_one, done) :
					   OK;
}

/* ---- tasks with nothing left to do ---- */

static enum err complete_one(struct call *call, const struct id *id)
{
	return task_complete(call->db, call->arena, id);
}

static enum err complete(struct call *call, int64_t *done)
{
	bson_t *filter = DOC(call->arena, "status", BCON_UTF8("active"), "required_workers", "{",
			     "$lte", BCON_INT32(0), "}");

	return each_due(call, TASKS, filter, complete_one, done);
}

/* ---- users on their way out ---- */

/* Those with very many records must not keep the sweep from deadlines: all of them together get so long. */
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
	int64_t looked;

	from_now.now = clock_now();
	enum err err = each_due(&from_now, USERS, DOC(call->arena, "closing", BCON_BOOL(true)),
				remove_one, done);
	return err == OK ? each_due(&from_now, META, removal_look_due(call->arena, from_now.now),
				    look_again, &looked) :
			   err;
}

/* ---- all of it ---- */

static enum err audit(struct call *call, int64_t *done)
{
	bool ran = false;
	enum err err = audit_run_asked(call->db, call->arena, &ran);

	*done = ran;
	return err;
}

/* What takes long, or waits for others, comes last. */
static const struct duty {
	const char *done;
	enum err (*run)(struct call *call, int64_t *done);
} duties[] = {
	{ "expired", expire },	     { "approved", approve },	      { "completed", complete },
	{ "removed", remove_users }, { "settled", payments_look_up }, { "audited", audit },
};

enum err market_sweep(struct call *call)
{
	enum err first = OK;

	for (size_t i = 0; i < COUNT_OF(duties); i++) {
		int64_t done = 0;
		enum err err = duties[i].run(call, &done);

		if (done)
			log_line(LOG_INFO, NULL, "swept: %lld %s", (long long)done, duties[i].done);
		if (first == OK)
			first = err;
	}
	return first;
}
