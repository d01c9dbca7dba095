/* Passes: reading a collection in batches, each of which a thread looks up, plans and makes happen. */
#include "migrate/adoption_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/doc.h"

enum {
	BATCH_RECORDS = 1000,
	BATCH_RECORDS_DRY = 10000, /* without our indexes each batch's look-ups read all there is */
	BATCH_BYTES = 16 * 1024 * 1024,
	PASSES_MOST = 10,
	PROGRESS_MS = 5000
};

/* ---- batches ---- */

static void record_plan(struct batch *batch, struct record *record)
{
	struct arena *arena = batch->arena;

	txn_start(&record->txn, arena);
	record->set = doc_keep(arena, bson_new());
	if (record->has_id)
		record->filter = DOC(arena, ID("_id", &record->id));
	else
		doc_unchanged(record->filter = DOC(arena, NULL), record->doc, "_id");
	batch->pass->plan(batch, record);
}

static void batch_report(struct batch *batch)
{
	struct adoption *adoption = batch->adoption;
	const struct pass *pass = batch->pass;
	bool all = adoption->order->dry_run;

	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->records[i];

		if (!all && !record->done) {
			adoption->missed = true;
			continue;
		}
		adoption->report.records[pass->in] += record->txn.count > 0;
		for (size_t n = 0; n < record->note_count; n++)
			report_note(&adoption->report, &record->notes[n]);
	}
}

static enum err batch_run(struct batch *batch)
{
	const struct pass *pass = batch->pass;
	enum err err = batch->db ? OK : ERR_UNAVAILABLE;

	if (err == OK && pass->look)
		err = pass->look(batch);
	if (err == OK)
		err = journal_read(batch);
	if (err == OK)
		err = keys_choose(batch);
	for (size_t i = 0; i < batch->count && err == OK; i++)
		record_plan(batch, &batch->records[i]);
	return err == OK && !batch->adoption->order->dry_run ? batch_commit(batch) : err;
}

static void batch_free(struct batch *batch)
{
	arena_free(batch->scratch);
	arena_free(batch->arena);
}

/* A thread that works on a batch, ends with it, and leaves its place to the next. */
static void *batch_work(void *context)
{
	struct batch *batch = context;
	struct adoption *adoption = batch->adoption;

	batch->call->db = batch->db = db_open(adoption->order->store);
	enum err err = batch_run(batch);
	db_close(batch->db);
	pthread_mutex_lock(&adoption->lock);
	batch_report(batch);
	if (adoption->err == OK)
		adoption->err = err;
	pthread_mutex_unlock(&adoption->lock);
	batch_free(batch);
	sem_post(&adoption->places);
	return NULL;
}

static struct batch *batch_new(struct adoption *adoption, const struct pass *pass, size_t most)
{
	struct arena *arena = arena_new();
	struct batch *batch = arena_alloc(arena, sizeof *batch);

	*batch = (struct batch){
		.adoption = adoption,
		.pass = pass,
		.arena = arena,
		.scratch = arena_new(),
		.records = arena_alloc(arena, most * sizeof *batch->records),
		.call = arena_alloc(arena, sizeof *batch->call),
	};
	*batch->call = (struct call){
		.arena = arena,
		.caller = arena_alloc(arena, sizeof(struct caller)),
		.request_id = "init-db",
		.now = adoption->now,
		.detail = arena_alloc(arena, sizeof(struct err_detail)),
	};
	journal_start(batch);
	return batch;
}

/* ---- passes ---- */

struct filling {
	struct adoption *adoption;
	const struct pass *pass;
	struct batch *batch; /* being filled */
	size_t most, bytes;
	int64_t read, total;
};

static void progress(struct filling *filling)
{
	struct adoption *adoption = filling->adoption;
	FILE *out = adoption->order->progress;

	if (!out || clock_steady() - adoption->told < PROGRESS_MS)
		return;
	adoption->told = clock_steady();
	fprintf(out, "%s: %lld of %lld\n", filling->pass->doing, (long long)filling->read,
		(long long)filling->total);
	fflush(out);
}

/* Waits for all threads, and leaves their places free. */
static void batches_await(struct adoption *adoption)
{
	for (size_t i = 0; i < ADOPTION_THREADS; i++)
		sem_wait(&adoption->places);
	for (size_t i = 0; i < ADOPTION_THREADS; i++)
		sem_post(&adoption->places);
}

static void batch_hand_over(struct filling *filling)
{
	struct adoption *adoption = filling->adoption;
	pthread_t thread;

	sem_wait(&adoption->places);
	if (pthread_create(&thread, &adoption->detached, batch_work, filling->batch) != 0)
		batch_work(filling->batch);
	if (filling->pass->in_turn && adoption->order->late)
		batches_await(adoption);
	filling->batch = batch_new(adoption, filling->pass, filling->most);
	filling->bytes = 0;
	progress(filling);
}

static bool record_take(void *context, const bson_t *doc)
{
	struct filling *filling = context;
	struct batch *batch = filling->batch;
	struct record *record = &batch->records[batch->count++];

	record->doc = doc_copy(batch->arena, doc);
	record->has_id = doc_id(doc, "_id", &record->id);
	filling->read++;
	filling->bytes += doc->len;
	if (batch->count == filling->most || filling->bytes >= BATCH_BYTES)
		batch_hand_over(filling);
	return filling->adoption->err == OK;
}

static enum err collection_read(struct adoption *adoption, const struct pass *pass)
{
	struct arena *arena = arena_new();
	const struct adoption_order *order = adoption->order;
	bson_t *unmarked = doc_parse(arena, "{" UNMARKED "}");
	struct filling filling = { .adoption = adoption,
				   .pass = pass,
				   .most = order->dry_run ? BATCH_RECORDS_DRY : BATCH_RECORDS };
	enum err err = db_count(order->db, arena, pass->in,
				order->late ? unmarked : DOC(arena, NULL), 0, &filling.total);

	filling.batch = batch_new(adoption, pass, filling.most);
	if (err == OK)
		err = db_each(
			order->db, pass->in, unmarked,
			DOC(arena, SUB("sort", INT("_id", 1)), INT("batchSize", BATCH_RECORDS)),
			record_take, &filling);
	if (err == OK && adoption->err == OK && filling.batch->count)
		batch_hand_over(&filling);
	batches_await(adoption);
	batch_free(filling.batch);
	arena_free(arena);
	return err == OK ? adoption->err : err;
}

/* What changed while it was worked on is found again, as it has no mark. */
enum err pass_run(struct adoption *adoption, const struct pass *pass)
{
	enum err err = OK;

	adoption->missed = true;
	for (int i = 0; i < PASSES_MOST && err == OK && adoption->missed; i++) {
		/* others may have changed it all */
		if (i > 0)
			err = people_read(adoption);
		if (err == OK && pass->key)
			err = keys_look(adoption, pass);
		if (err == OK && pass->begin)
			err = pass->begin(adoption);
		adoption->missed = false;
		if (err == OK)
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
