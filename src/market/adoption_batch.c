/* Passes: reading a collection in batches, planning, and making happen what was planned. */
#include "market/adoption_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/doc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
	BATCH_RECORDS = 1000,
	BATCH_RECORDS_DRY = 10000, /* without our indexes each batch's look-ups read all there is */
	BATCH_BYTES = 32 * 1024 * 1024,
	PASSES_MOST = 10,
	TRIES = 6,
	TRY_AGAIN_MS = 1000,
	PROGRESS_MS = 5000
};

/* ---- notes ---- */

void note_id(struct batch *batch, struct record *record, enum rule rule, const struct id *id,
	     int64_t coins)
{
	record->notes = arena_grow(batch->arena, record->notes, record->note_count,
				   &record->note_room, sizeof *record->notes);
	record->notes[record->note_count++] =
		(struct note){ .rule = rule, .id = *id, .coins = coins };
}

void note(struct batch *batch, struct record *record, enum rule rule, int64_t coins)
{
	note_id(batch, record, rule, &record->id, coins);
}

/* ---- in transactions, by several threads ---- */

struct crew {
	struct batch *batch;
	atomic_size_t next;
	atomic_int err;
};

struct hand {
	struct crew *crew;
	struct db *db;
};

/* A database that is away for a moment, or elects, is waited for; false when that was the last try. */
static bool try_again(enum err err, int *tries)
{
	if (err != ERR_UNAVAILABLE || ++*tries == TRIES)
		return false;
	clock_sleep(TRY_AGAIN_MS);
	return true;
}

/* Waits for a database that is away for a moment. Should a commit have happened unheard, the next try meets what it
 * guards against, and a further look at the collection finds it done. */
static enum err commit_patiently(struct db *db, struct txn *txn)
{
	enum err err;
	int tries = 0;

	do
		err = txn_commit(db, txn);
	while (try_again(err, &tries));
	return err;
}

static void *hand_work(void *context)
{
	struct hand *hand = context;
	struct crew *crew = hand->crew;
	struct arena *arena = arena_new();
	size_t at;

	while ((at = atomic_fetch_add(&crew->next, 1)) < crew->batch->count &&
	       atomic_load(&crew->err) == OK) {
		struct record *record = &crew->batch->records[at];

		if (record->txn.count < 2)
			continue;
		/* replies are the thread's; what was planned is only read */
		record->txn.arena = arena;
		enum err err = commit_patiently(hand->db, &record->txn);
		arena_reset(arena);
		record->done = err == OK;
		if (err != OK && err != ERR_CONFLICT)
			atomic_store(&crew->err, (int)err);
	}
	arena_free(arena);
	return NULL;
}

static enum err txns_run(struct batch *batch)
{
	struct adoption *adoption = batch->adoption;
	struct crew crew = { .batch = batch };
	struct hand hands[ADOPTION_THREADS];
	pthread_t threads[ADOPTION_THREADS];
	size_t started = 0;

	for (size_t i = 0; i < adoption->thread_count; i++) {
		hands[i] = (struct hand){ .crew = &crew, .db = adoption->threads[i] };
		if (pthread_create(&threads[started], NULL, hand_work, &hands[i]) == 0)
			started++;
	}
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return started ? (enum err)atomic_load(&crew.err) : ERR_UNAVAILABLE;
}

/* ---- in bulk ---- */

static bool not_done(void *context, const bson_t *doc)
{
	struct batch *batch = context;
	struct id id = doc_own_id(doc);

	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].txn.count == 1 && id_equal(&batch->records[i].id, &id))
			batch->records[i].done = false;
	return true;
}

/* Some of a bulk met a record that had changed: which ones still have no mark? */
static enum err bulk_check(struct batch *batch, const struct pass *pass)
{
	struct arena *arena = batch->arena;
	struct doc_array ids = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].txn.count == 1)
			doc_array_id(&ids, &batch->records[i].id);
	return db_each(batch->adoption->order->db, pass->in,
		       DOC(arena, "_id", "{", "$in", BCON_ARRAY(ids.doc), "}", MARK, BCON_NULL),
		       DOC(arena, "projection", "{", "_id", BCON_INT32(1), "}"), not_done, batch);
}

static enum err bulk_run(struct batch *batch, const struct pass *pass)
{
	struct db_update *updates = arena_alloc(batch->arena, batch->count * sizeof *updates);
	int64_t matched, taken;
	size_t count = 0;
	enum err err;
	int tries = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct record *record = &batch->records[i];

		if (record->txn.count != 1)
			continue;
		record->done = true;
		updates[count++] = (struct db_update){ .filter = record->txn.steps[0].filter,
						       .change = record->txn.steps[0].change };
	}
	if (!count)
		return OK;
	do
		err = db_update_bulk(batch->adoption->order->db, batch->arena, pass->in, updates,
				     count, &matched, &taken);
	while (try_again(err, &tries));
	/* it sets no mark: keys that are taken meanwhile stay with others */
	return err != OK || pass->unmarking || matched == (int64_t)count ? err :
									   bulk_check(batch, pass);
}

/* ---- batches ---- */

static void record_plan(struct batch *batch, const struct pass *pass, struct record *record)
{
	struct arena *arena = batch->arena;

	txn_start(&record->txn, arena);
	record->filter = doc_keep(arena, bson_new());
	record->set = doc_keep(arena, bson_new());
	doc_unchanged(record->filter, record->doc, "_id");
	pass->plan(batch, record);
}

/* The step that changes the record itself comes first in its transaction. */
void record_change(struct batch *batch, struct record *record, const struct pass *pass, int mark)
{
	struct arena *arena = batch->arena;

	doc_unchanged(record->filter, record->doc, MARK);
	BSON_APPEND_INT32(record->set, MARK, mark);
	if (record->key) {
		doc_unchanged(record->filter, record->doc, pass->key->field);
		BSON_APPEND_UTF8(record->set, pass->key->field, record->key);
	}
	txn_update(&record->txn, pass->in, record->filter,
		   DOC(arena, "$set", BCON_DOCUMENT(record->set)), ERR_CONFLICT);
	txn_of_any(&record->txn);
}

static void batch_report(struct batch *batch, const struct pass *pass)
{
	struct adoption *adoption = batch->adoption;
	bool all = adoption->order->dry_run;

	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->records[i];

		if (record->txn.count && !all && !record->done) {
			adoption->missed = true;
			continue;
		}
		adoption->report.records[pass->in] += record->txn.count && !pass->unmarking;
		for (size_t n = 0; n < record->note_count; n++)
			report_note(&adoption->report, &record->notes[n]);
	}
}

static enum err batch_run(struct batch *batch, const struct pass *pass)
{
	bool dry = batch->adoption->order->dry_run;
	enum err err = pass->look ? pass->look(batch) : OK;
	bool transactions = false;

	if (err == OK)
		err = keys_choose(batch, pass);

	for (size_t i = 0; i < batch->count && err == OK; i++) {
		record_plan(batch, pass, &batch->records[i]);
		transactions |= batch->records[i].txn.count > 1;
	}
	if (err == OK && !dry)
		err = bulk_run(batch, pass);
	if (err == OK && !dry && transactions)
		err = txns_run(batch);
	if (err == OK)
		batch_report(batch, pass);
	return err;
}

/* ---- passes ---- */

struct reading {
	struct batch batch;
	const struct pass *pass;
	size_t most, bytes;
	int64_t read, total;
	enum err err;
};

static void batch_start(struct reading *reading)
{
	struct batch *batch = &reading->batch;
	struct arena *arena = batch->arena;

	arena_reset(arena);
	batch->count = 0;
	batch->known = NULL;
	reading->bytes = 0;
	batch->records = arena_alloc(arena, reading->most * sizeof *batch->records);
	batch->call = arena_alloc(arena, sizeof *batch->call);
	*batch->call = (struct call){
		.arena = arena,
		.db = batch->adoption->order->db,
		.caller = arena_alloc(arena, sizeof(struct caller)),
		.request_id = "init-db",
		.now = batch->adoption->now,
		.detail = arena_alloc(arena, sizeof(struct err_detail)),
	};
}

static void progress(struct reading *reading)
{
	struct adoption *adoption = reading->batch.adoption;
	FILE *out = adoption->order->progress;

	if (!out || clock_steady() - adoption->told < PROGRESS_MS)
		return;
	adoption->told = clock_steady();
	fprintf(out, "%s: %lld of %lld\n", reading->pass->doing, (long long)reading->read,
		(long long)reading->total);
	fflush(out);
}

static bool record_take(void *context, const bson_t *doc)
{
	struct reading *reading = context;
	struct batch *batch = &reading->batch;
	struct record *record = &batch->records[batch->count++];

	memset(record, 0, sizeof *record);
	record->doc = doc_copy(batch->arena, doc);
	record->has_id = doc_id(doc, "_id", &record->id);
	reading->read++;
	reading->bytes += doc->len;
	if (batch->count < reading->most && reading->bytes < BATCH_BYTES)
		return true;
	reading->err = batch_run(batch, reading->pass);
	progress(reading);
	batch_start(reading);
	return reading->err == OK;
}

static enum err collection_read(struct adoption *adoption, const struct pass *pass)
{
	struct arena *arena = arena_new();
	bson_t *unmarked = doc_parse(arena, "{" UNMARKED "}");
	struct reading reading = {
		.batch = { .adoption = adoption, .arena = arena_new() },
		.pass = pass,
		.most = adoption->order->dry_run ? BATCH_RECORDS_DRY : BATCH_RECORDS,
	};
	enum err err =
		db_count(adoption->order->db, arena, pass->in,
			 adoption->order->late ? unmarked : DOC(arena, NULL), 0, &reading.total);

	batch_start(&reading);
	if (err == OK)
		err = db_each(adoption->order->db, pass->in, unmarked,
			      DOC(arena, "sort", "{", "_id", BCON_INT32(1), "}", "batchSize",
				  BCON_INT32(BATCH_RECORDS)),
			      record_take, &reading);
	if (err == OK)
		err = reading.err;
	if (err == OK && reading.batch.count)
		err = batch_run(&reading.batch, pass);
	arena_free(reading.batch.arena);
	arena_free(arena);
	return err;
}

/* What changed while it was worked on is found again, as it has no mark. */
enum err pass_run(struct adoption *adoption, const struct pass *pass)
{
	enum err err = OK;

	adoption->missed = true;
	for (int i = 0; i < PASSES_MOST && err == OK && adoption->missed; i++) {
		adoption->missed = false;
		err = collection_read(adoption, pass);
	}
	if (err != OK || !adoption->missed)
		return err;
	log_line(LOG_ERROR, NULL,
		 "%s keep changing while they are adopted: does the older server "
		 "still run?",
		 pass->doing);
	return ERR_CONFLICT;
}
