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
#include "base/random.h"
#include "store/doc.h"
#include "store/store_private.h"

#include <string.h>

enum { BACK_OFF_FIRST_MS = 5, BACK_OFF_MOST_MS = 250 };

/* How one try of a step or of the whole ended. */
enum outcome { DONE, REFUSED, AGAIN, BROKEN };

struct run {
	struct db *db;
	struct txn *const *txns; /* those that share the transaction */
	size_t count;
	size_t *planned; /* of each, its steps before decisions added theirs */
	struct txn *txn; /* whose turn it is */
	const bson_t *options; /* the session's, for each command; NULL outside a transaction */
	enum err err; /* of REFUSED and BROKEN */
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

static enum outcome command_run(struct run *run, const bson_t *command, const bson_t **reply,
				bson_error_t *error)
{
	struct db *db = run->db;
	bson_t answer;
	bool ok = mongoc_client_write_command_with_opts(db->client, db->store->database, command,
							run->options, &answer, error);

	*reply = doc_steal(run->txn->arena, &answer);
	return ok ? DONE : BROKEN;
}

/* Did a step of the command meet a taken key, and which? The first when the reply does not say. */
static bool key_taken(const bson_t *reply, const bson_error_t *error, bool ok, size_t *index)
{
	struct write_error refusal = { .code = ok ? 0 : error->code };

	(void)store_write_error(reply, &refusal);
	*index = refusal.index;
	return refusal.code == MONGOC_ERROR_DUPLICATE_KEY;
}

/* Neighbouring steps of a kind and collection travel in one command; updates where the transaction lets them. */
static size_t steps_together(const struct txn *txn, size_t first)
{
	const struct step *step = &txn->steps[first];
	bool many = step->kind != STEP_UPDATE || txn->together;
	size_t next = first + 1;

	while (many && next < txn->count && txn->steps[next].kind == step->kind &&
	       txn->steps[next].in == step->in && !txn->steps[next].read)
		next++;
	return next - first;
}

static enum outcome insert_run(struct run *run, struct step *steps, size_t count)
{
	struct arena *arena = run->txn->arena;
	bson_t *command = DOC(arena, TEXT("insert", collection_name(steps->in)));
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_t docs;
	struct doc_array array = { .doc = &docs };
	size_t taken;

	BSON_APPEND_ARRAY_BEGIN(command, "documents", &docs);
	for (size_t i = 0; i < count; i++)
		doc_array_doc(&array, steps[i].doc);
	bson_append_array_end(command, &docs);

	enum outcome outcome = command_run(run, command, &reply, &error);
	if (key_taken(reply, &error, outcome == DONE, &taken))
		return refused(run, steps[taken].on_miss);
	if (outcome != DONE || doc_whole(reply, "n", 0) != (int64_t)count)
		return failed(run, reply, &error, "inserting");
	return DONE;
}

/* A change by operators is a document, one by stages an array. */
static void change_append(bson_t *command, const char *name, const bson_t *change)
{
	if (bson_has_field(change, "0"))
		BSON_APPEND_ARRAY(command, name, change);
	else
		BSON_APPEND_DOCUMENT(command, name, change);
}

static bson_t *updates_command(struct arena *arena, const struct step *steps, size_t count)
{
	bson_t *command = DOC(arena, TEXT("update", collection_name(steps->in)));
	bson_t updates;
	struct doc_array array = { .doc = &updates };

	BSON_APPEND_ARRAY_BEGIN(command, "updates", &updates);
	for (size_t i = 0; i < count; i++) {
		bson_t *update = BCON_NEW(PART("q", steps[i].filter));

		change_append(update, "u", steps[i].change);
		doc_array_doc(&array, update);
		bson_destroy(update);
	}
	bson_append_array_end(command, &updates);
	return command;
}

static enum outcome update_run(struct run *run, struct step *steps, size_t count)
{
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_t *command = updates_command(run->txn->arena, steps, count);
	enum outcome outcome = command_run(run, command, &reply, &error);
	size_t taken;

	if (key_taken(reply, &error, outcome == DONE, &taken))
		return refused(run, steps[taken].on_miss);
	if (outcome != DONE || bson_has_field(reply, "writeErrors"))
		return failed(run, reply, &error, "updating");
	return doc_whole(reply, "n", 0) == (int64_t)count ? DONE : missed(run, steps);
}

static enum outcome update_reading_run(struct run *run, struct step *step)
{
	struct arena *arena = run->txn->arena;
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_t *command = DOC(arena, TEXT("findAndModify", collection_name(step->in)),
			      PART("query", step->filter), BOOL("new", step->read == READ_AFTER));
	change_append(command, "update", step->change);
	enum outcome outcome = command_run(run, command, &reply, &error);
	bson_t *value = arena_alloc(arena, sizeof *value);
	size_t taken;

	if (key_taken(reply, &error, outcome == DONE, &taken))
		return refused(run, step->on_miss);
	if (outcome != DONE)
		return failed(run, reply, &error, "updating");
	if (!doc_part(reply, "value", value))
		return missed(run, step);
	step->found = value;
	return DONE;
}

static enum outcome remove_run(struct run *run, struct step *step)
{
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_t *command = DOC(run->txn->arena, TEXT("delete", collection_name(step->in)),
			      LIST("deletes", ITEM(PART("q", step->filter), INT("limit", 1))));
	enum outcome outcome = command_run(run, command, &reply, &error);

	if (outcome != DONE || bson_has_field(reply, "writeErrors"))
		return failed(run, reply, &error, "removing");
	return doc_whole(reply, "n", 0) == 1 ? DONE : missed(run, step);
}

static enum outcome absent_run(struct run *run, const struct step *step)
{
	struct arena *arena = run->txn->arena;
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_t *command =
		DOC(arena, TEXT("find", collection_name(step->in)), PART("filter", step->filter),
		    INT("limit", 1), BOOL("singleBatch", true), SUB("projection", INT("_id", 1)));

	if (command_run(run, command, &reply, &error) != DONE)
		return failed(run, reply, &error, "looking");
	return store_first(arena, reply) ? refused(run, step->on_miss) : DONE;
}

static bool is_same(const bson_iter_t *at, const bson_t *doc)
{
	const uint8_t *bytes;
	uint32_t length;

	bson_iter_document(at, &length, &bytes);
	return length == doc->len && !memcmp(bytes, bson_get_data(doc), length);
}

static enum outcome same_run(struct run *run, const struct step *steps, size_t count)
{
	struct arena *arena = run->txn->arena;
	struct doc_array ids = doc_array_new(arena);
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_iter_t at;
	bson_t cursor, rows;

	for (size_t i = 0; i < count; i++)
		if (bson_iter_init_find(&at, steps[i].doc, "_id"))
			doc_array_iter(&ids, &at);
	bson_t *command =
		DOC(arena, TEXT("find", collection_name(steps->in)),
		    SUB("filter", SUB("_id", ARRAY("$in", ids.doc))), SUB("sort", INT("_id", 1)),
		    INT("batchSize", (int32_t)count), BOOL("singleBatch", true));
	if (command_run(run, command, &reply, &error) != DONE)
		return failed(run, reply, &error, "looking");
	bool any = doc_part(reply, "cursor", &cursor) && doc_part(&cursor, "firstBatch", &rows) &&
		   bson_iter_init(&at, &rows);
	for (size_t i = 0; i < count; i++)
		if (!any || !bson_iter_next(&at) || !is_same(&at, steps[i].doc))
			return missed(run, &steps[i]);
	return DONE;
}

/* Runs a step, or neighbouring ones that travel together; *taken says how many. */
static enum outcome step_run(struct run *run, size_t at, size_t *taken)
{
	struct step *step = &run->txn->steps[at];

	*taken = 1;
	switch (step->kind) {
	case STEP_INSERT:
		*taken = steps_together(run->txn, at);
		return insert_run(run, step, *taken);
	case STEP_SAME:
		*taken = steps_together(run->txn, at);
		return same_run(run, step, *taken);
	case STEP_REMOVE:
		return remove_run(run, step);
	case STEP_ABSENT:
		return absent_run(run, step);
	case STEP_THEN: /* in its turn */
		return DONE;
	default:
		if (step->read)
			return update_reading_run(run, step);
		*taken = steps_together(run->txn, at);
		return update_run(run, step, *taken);
	}
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
	size_t end = run->txn->count, taken;
	enum outcome outcome = DONE;

	for (size_t i = from; i < end && outcome == DONE; i += taken)
		outcome = step_run(run, i, &taken);
	for (size_t i = from; i < end && outcome == DONE; i++)
		if (run->txn->steps[i].kind == STEP_THEN)
			outcome = decision_run(run, &run->txn->steps[i]);
	return outcome;
}

/* Nothing was left to do, as somebody did it before; to say so, that must have been confirmed. A commit waits for the
 * majority to have what its transaction has read, but only where there was something. */
static enum outcome confirm_run(struct run *run)
{
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_t *command = DOC(run->txn->arena, TEXT("find", collection_name(META)), INT("limit", 1),
			      BOOL("singleBatch", true));
	enum outcome outcome = command_run(run, command, &reply, &error);

	return outcome == DONE ? DONE : failed(run, reply, &error, "confirming");
}

static bool has_steps(const struct txn *txn)
{
	for (size_t i = 0; i < txn->count; i++)
		if (txn->steps[i].kind != STEP_THEN)
			return true;
	return false;
}

static enum outcome txns_run(struct run *run)
{
	enum outcome outcome = DONE;
	bool any = false;

	for (size_t i = 0; i < run->count && outcome == DONE; i++) {
		run->txn = run->txns[i];
		outcome = steps_run(run, 0);
		any |= has_steps(run->txn);
	}
	return outcome == DONE && !any ? confirm_run(run) : outcome;
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
	bson_t *options = doc_keep(run->txns[0]->arena, bson_new());
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

static void back_off(int attempt)
{
	int64_t most = BACK_OFF_FIRST_MS;

	for (int i = 0; i < attempt && most < BACK_OFF_MOST_MS; i++)
		most += most / 2;
	clock_sleep(1 +
		    random_below((uint32_t)(most < BACK_OFF_MOST_MS ? most : BACK_OFF_MOST_MS)));
}

/* One document changes all at once by itself. */
static bool needs_no_transaction(const struct run *run)
{
	const struct txn *txn = run->txns[0];

	return run->count == 1 && txn->count == 1 && txn->steps[0].kind != STEP_THEN;
}

static void planned_keep(struct run *run)
{
	run->planned = arena_alloc(run->txns[0]->arena, run->count * sizeof *run->planned);
	for (size_t i = 0; i < run->count; i++)
		run->planned[i] = run->txns[i]->count;
}

/* Decisions are made anew by what is found then. */
static void planned_restore(struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		run->txns[i]->count = run->planned[i];
}

static enum err attempts(struct run *run)
{
	bool alone = needs_no_transaction(run);

	planned_keep(run);
	for (int attempt = 0;; attempt++) {
		enum outcome outcome = alone ? txns_run(run) : transaction_run(run);

		if (outcome == DONE)
			return OK;
		planned_restore(run);
		if (outcome == REFUSED)
			return run->err;
		if (outcome == BROKEN) {
			session_drop(run->db);
			return run->err;
		}
		if (clock_steady() > run->deadline) {
			log_line(LOG_WARN, NULL, "gave up a transaction after %d conflicts",
				 attempt + 1);
			return ERR_UNAVAILABLE;
		}
		back_off(attempt);
	}
}

static pthread_mutex_t *queue_enter(struct db *db, const struct id *contended, int64_t deadline,
				    bool *late)
{
	*late = false;
	if (!contended)
		return NULL;
	pthread_mutex_t *queue =
		&db->store->queues[hash_bytes(contended->bytes, sizeof contended->bytes) %
				   STORE_QUEUES];
	struct timespec until = clock_timespec(deadline);

	*late = pthread_mutex_clocklock(queue, CLOCK_MONOTONIC, &until) != 0;
	return *late ? NULL : queue;
}

static int64_t deadline_of(const struct txn *txn)
{
	int64_t most = clock_steady() + COMMIT_MS;

	return txn->deadline && txn->deadline < most ? txn->deadline : most;
}

enum err txn_commit(struct db *db, struct txn *txn)
{
	struct run run = { .db = db, .txns = &txn, .count = 1, .deadline = deadline_of(txn) };
	bool late;
	pthread_mutex_t *queue = queue_enter(db, txn->contended, run.deadline, &late);

	if (late)
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
