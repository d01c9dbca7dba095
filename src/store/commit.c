/*
 * Running transactions: the one place that opens transactions, retries them and says what a failure means.
 *
 * A write conflict aborts a transaction at once, so contenders for one document would mostly redo work. Those of
 * one process therefore queue on a lock for the document, held from start to commit (measured: 2 to 4 times
 * the throughput of racing and backing off, and a tenth of the longest delays). Those of other processes meet in
 * MongoDB and back off. When the reply to a commit is lost, only the commit is repeated.
 */
#include "store/txn.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "store/doc.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

enum { BACK_OFF_FIRST_MS = 5, BACK_OFF_MOST_MS = 250 };

/* How one try of a step or of the whole ended. */
enum outcome { DONE, REFUSED, AGAIN, BROKEN };

struct run {
	struct db *db;
	struct txn *const *txns; /* those that share the transaction */
	size_t count;
	struct txn *txn; /* the one at hand */
	const bson_t *options; /* the session's, for each command; NULL outside a transaction */
	bool sent; /* this try has sent a step */
	enum err err; /* when the outcome is REFUSED or BROKEN */
	int64_t deadline; /* steady milliseconds */
};

static bool labelled(const bson_t *reply, const char *label)
{
	return reply && mongoc_error_has_label(reply, label);
}

static enum outcome refused(struct run *run, enum err err)
{
	run->err = err;
	return REFUSED;
}

/* Its filter found nothing. */
static enum outcome missed(struct run *run, const struct step *step)
{
	run->txn->missed = step;
	return refused(run, step->on_miss);
}

/* A reply may say what went wrong where the driver saw no error: a document that a validator turned down. */
static enum outcome failed(struct run *run, const bson_t *reply, const bson_error_t *error,
			   const char *doing)
{
	struct write_error refusal;

	if (labelled(reply, "TransientTransactionError"))
		return AGAIN;
	run->err = store_write_error(reply, &refusal) ? store_refused(&refusal, doing) :
							store_failed_reply(reply, error, doing);
	return BROKEN;
}

static bool command_run(struct run *run, const bson_t *command, const bson_t **reply,
			bson_error_t *error)
{
	struct db *db = run->db;
	bson_t answer;
	bool ok = mongoc_client_write_command_with_opts(db->client, db->store->database, command,
							run->options, &answer, error);

	*reply = doc_steal(run->txn->arena, &answer);
	return ok;
}

/* Did a step of the command meet a taken key, and which? The first when the reply does not say. */
static bool key_taken(const bson_t *reply, const bson_error_t *error, bool ok, size_t *index)
{
	struct write_error refusal = { .code = ok ? 0 : error->code };

	(void)store_write_error(reply, &refusal);
	*index = refusal.index;
	return refusal.code == MONGOC_ERROR_DUPLICATE_KEY;
}

/* ---- commands ---- */

/* Neighbouring inserts into one collection travel in one command, so do looks whether documents are the same, and so do
 * updates where the transaction lets them. */
static size_t steps_together(const struct txn *txn, size_t first)
{
	const struct step *steps = txn->steps, *step = &steps[first];
	bool may = step->kind == STEP_INSERT || step->kind == STEP_SAME ||
		   (step->kind == STEP_UPDATE && !step->read && txn->together);
	size_t next = first + 1;

	while (may && next < txn->count && steps[next].kind == step->kind &&
	       steps[next].in == step->in && !steps[next].read)
		next++;
	return next - first;
}

/* A change by operators is a document, one by stages an array. */
static void change_append(bson_t *command, const char *name, const bson_t *change)
{
	if (bson_has_field(change, "0"))
		BSON_APPEND_ARRAY(command, name, change);
	else
		BSON_APPEND_DOCUMENT(command, name, change);
}

static void item_append(struct doc_array *items, const struct step *step)
{
	if (step->kind == STEP_INSERT) {
		doc_array_doc(items, step->doc);
		return;
	}
	bson_t *item = BCON_NEW(PART("q", step->filter));
	if (step->kind == STEP_REMOVE)
		BSON_APPEND_INT32(item, "limit", 1);
	else
		change_append(item, "u", step->change);
	doc_array_doc(items, item);
	bson_destroy(item);
}

static bson_t *write_command(struct arena *arena, const char *name, const char *list,
			     const struct step *steps, size_t count)
{
	bson_t *command = DOC(arena, TEXT(name, collection_name(steps->in)));
	bson_t items;
	struct doc_array array = { .doc = &items };

	BSON_APPEND_ARRAY_BEGIN(command, list, &items);
	for (size_t i = 0; i < count; i++)
		item_append(&array, &steps[i]);
	bson_append_array_end(command, &items);
	return command;
}

static bson_t *modify_command(struct arena *arena, const struct step *step)
{
	bson_t *command = DOC(arena, TEXT("findAndModify", collection_name(step->in)),
			      PART("query", step->filter), BOOL("new", step->read == READ_AFTER));

	change_append(command, "update", step->change);
	return command;
}

static bson_t *look_command(struct arena *arena, enum collection in, const bson_t *filter)
{
	return DOC(arena, TEXT("find", collection_name(in)), PART("filter", filter),
		   INT("limit", 1), BOOL("singleBatch", true), SUB("projection", INT("_id", 1)));
}

static bson_t *same_command(struct arena *arena, const struct step *steps, size_t count)
{
	struct doc_array ids = doc_array_new(arena);
	bson_iter_t at;

	for (size_t i = 0; i < count; i++)
		if (bson_iter_init_find(&at, steps[i].doc, "_id"))
			doc_array_iter(&ids, &at);
	return DOC(arena, TEXT("find", collection_name(steps->in)),
		   SUB("filter", SUB("_id", ARRAY("$in", ids.doc))), SUB("sort", INT("_id", 1)),
		   INT("batchSize", (int32_t)count), BOOL("singleBatch", true));
}

static bson_t *command_of(struct arena *arena, const struct step *steps, size_t count)
{
	switch (steps->kind) {
	case STEP_SAME:
		return same_command(arena, steps, count);
	case STEP_INSERT:
		return write_command(arena, "insert", "documents", steps, count);
	case STEP_REMOVE:
		return write_command(arena, "delete", "deletes", steps, count);
	case STEP_ABSENT:
		return look_command(arena, steps->in, steps->filter);
	default:
		return steps->read ? modify_command(arena, steps) :
				     write_command(arena, "update", "updates", steps, count);
	}
}

/* ---- steps ---- */

static bool is_same(const bson_iter_t *at, const bson_t *doc)
{
	const uint8_t *bytes;
	uint32_t length;

	bson_iter_document(at, &length, &bytes);
	return length == doc->len && !memcmp(bytes, bson_get_data(doc), length);
}

static enum outcome same_judge(struct run *run, const struct step *steps, size_t count,
			       const bson_t *reply)
{
	bson_iter_t at;
	bson_t cursor, rows;
	bool any = doc_part(reply, "cursor", &cursor) && doc_part(&cursor, "firstBatch", &rows) &&
		   bson_iter_init(&at, &rows);

	for (size_t i = 0; i < count; i++)
		if (!any || !bson_iter_next(&at) || !is_same(&at, steps[i].doc))
			return missed(run, &steps[i]);
	return DONE;
}

/* What the reply to a command says that MongoDB carried out. */
static enum outcome steps_judge(struct run *run, struct step *steps, size_t count,
				const bson_t *reply)
{
	struct arena *arena = run->txn->arena;
	bson_t *value = arena_alloc(arena, sizeof *value);

	if (steps->kind == STEP_SAME)
		return same_judge(run, steps, count, reply);
	if (steps->kind == STEP_ABSENT)
		return store_first(arena, reply) ? refused(run, steps->on_miss) : DONE;
	if (steps->read && doc_part(reply, "value", value))
		steps->found = value;
	bool met = steps->read ? steps->found == value : doc_whole(reply, "n", 0) == (int64_t)count;
	return met ? DONE : missed(run, steps);
}

/* Runs a step, or neighbouring ones that travel together. */
static enum outcome step_run(struct run *run, struct step *steps, size_t count)
{
	static const char *const doing[] = {
		[STEP_SAME] = "looking",    [STEP_UPDATE] = "updating", [STEP_INSERT] = "inserting",
		[STEP_REMOVE] = "removing", [STEP_ABSENT] = "looking",
	};
	const bson_t *reply;
	bson_error_t error = { 0 };
	size_t taken;

	if (steps->kind == STEP_THEN) /* in its turn */
		return DONE;
	run->sent = true;
	bool ok = command_run(run, command_of(run->txn->arena, steps, count), &reply, &error);
	if (key_taken(reply, &error, ok, &taken))
		return refused(run, steps[taken].on_miss);
	if (!ok || bson_has_field(reply, "writeErrors"))
		return failed(run, reply, &error, doing[steps->kind]);
	return steps_judge(run, steps, count, reply);
}

static enum outcome steps_run(struct run *run, size_t from);

/* Lets a decision add steps, and runs those. */
static enum outcome decision_run(struct run *run, const struct step *step)
{
	struct txn *txn = run->txn;
	txn_decision then = step->then;
	void *context = step->context; /* the step itself may move when others are added */
	size_t before = txn->count;

	txn->ran = before;
	enum err err = then(context, txn);
	return err == OK ? steps_run(run, before) : refused(run, err);
}

/* Runs all steps from this one on: decisions last, as they are about what the others found. */
static enum outcome steps_run(struct run *run, size_t from)
{
	size_t end = run->txn->count, count;
	enum outcome outcome = DONE;

	for (size_t i = from; i < end && outcome == DONE; i += count) {
		count = steps_together(run->txn, i);
		outcome = step_run(run, &run->txn->steps[i], count);
	}
	for (size_t i = from; i < end && outcome == DONE; i++)
		if (run->txn->steps[i].kind == STEP_THEN)
			outcome = decision_run(run, &run->txn->steps[i]);
	return outcome;
}

/* For a transaction without steps, as what it is for was done before: that must be confirmed before we say so. A commit
 * waits until the majority has what its transaction has read, so it must read something. */
static enum outcome confirm_run(struct run *run)
{
	const bson_t *reply;
	bson_error_t error = { 0 };
	struct arena *arena = run->txn->arena;
	bool ok = command_run(run, look_command(arena, META, DOC(arena, NULL)), &reply, &error);

	return ok ? DONE : failed(run, reply, &error, "confirming");
}

static enum outcome txns_run(struct run *run)
{
	enum outcome outcome = DONE;

	run->sent = false;
	for (size_t i = 0; i < run->count && outcome == DONE; i++) {
		run->txn = run->txns[i];
		outcome = steps_run(run, 0);
	}
	return outcome == DONE && !run->sent ? confirm_run(run) : outcome;
}

static enum outcome commit_once(struct run *run)
{
	struct db *db = run->db;
	bson_error_t error;
	bson_t reply;
	enum outcome outcome = AGAIN;
	bool unknown = true;

	while (unknown) {
		if (mongoc_client_session_commit_transaction(db->session, &reply, &error)) {
			bson_destroy(&reply);
			return DONE;
		}
		unknown = labelled(&reply, "UnknownTransactionCommitResult") &&
			  clock_steady() <= run->deadline;
		if (!unknown)
			outcome = failed(run, &reply, &error, "committing");
		else
			clock_sleep(BACK_OFF_FIRST_MS);
		bson_destroy(&reply);
	}
	bool last = outcome == BROKEN || clock_steady() > run->deadline;
	if (last && error.domain != MONGOC_ERROR_SERVER_SELECTION)
		session_end(db);
	return outcome;
}

static enum outcome transaction_run(struct run *run)
{
	struct db *db = run->db;
	bson_error_t error;

	run->err = ERR_UNAVAILABLE;
	if (!session_ready(db))
		return BROKEN;
	bson_t *options = doc_new(run->txns[0]->arena);
	if (!mongoc_client_session_start_transaction(db->session, NULL, &error) ||
	    !mongoc_client_session_append(db->session, options, &error)) {
		run->err = store_failed(&error, "starting a transaction");
		return BROKEN;
	}
	run->options = options;
	enum outcome outcome = txns_run(run);
	if (outcome == DONE)
		return commit_once(run);
	mongoc_client_session_abort_transaction(db->session, NULL);
	return outcome;
}

/* One document changes all at once by itself. */
static bool needs_no_transaction(const struct run *run)
{
	const struct txn *txn = run->txns[0];

	return run->count == 1 && txn->count == 1 && txn->steps[0].kind != STEP_THEN;
}

/* Decisions are made anew by what is found then. */
static void planned_restore(struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		run->txns[i]->count = run->txns[i]->planned;
}

static enum err attempts(struct run *run)
{
	bool alone = needs_no_transaction(run);
	uint32_t pause = BACK_OFF_FIRST_MS;

	for (size_t i = 0; i < run->count; i++)
		run->txns[i]->planned = run->txns[i]->count;
	for (int attempt = 1;; attempt++) {
		enum outcome outcome = alone ? txns_run(run) : transaction_run(run);

		if (outcome == DONE)
			return OK;
		planned_restore(run);
		if (outcome == BROKEN)
			session_drop(run->db);
		if (outcome != AGAIN)
			return run->err;
		if (clock_steady() > run->deadline) {
			log_line(LOG_WARN, NULL, "gave up a transaction after %d conflicts",
				 attempt);
			return ERR_UNAVAILABLE;
		}
		clock_sleep(1 + arc4random_uniform((uint32_t)pause));
		pause += pause / 2;
		if (pause > BACK_OFF_MOST_MS)
			pause = BACK_OFF_MOST_MS;
	}
}

/* NULL: it need not queue. */
static pthread_mutex_t *queue_of(struct db *db, const struct txn *txn)
{
	const struct id *contended = txn->contended;

	return contended ?
		       &db->store->queues[hash_bytes(contended->bytes, sizeof contended->bytes) %
					  STORE_QUEUES] :
		       NULL;
}

enum err txn_commit(struct db *db, struct txn *txn)
{
	struct run run = {
		.db = db, .txns = &txn, .count = 1, .deadline = clock_steady() + COMMIT_MS
	};
	pthread_mutex_t *queue = queue_of(db, txn);

	if (txn->deadline && txn->deadline < run.deadline)
		run.deadline = txn->deadline;
	struct timespec until = clock_timespec(run.deadline);
	if (queue && pthread_mutex_clocklock(queue, CLOCK_MONOTONIC, &until) != 0)
		return ERR_UNAVAILABLE;
	enum err err = attempts(&run);
	if (queue)
		pthread_mutex_unlock(queue);
	return err;
}

enum err txn_commit_group(struct db *db, struct txn *const *txns, size_t count)
{
	struct run run = {
		.db = db, .txns = txns, .count = count, .deadline = clock_steady() + GROUP_MS
	};

	return count ? attempts(&run) : OK;
}
