#include "migrate/adoption.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/memory.h"
#include "migrate/adoption_pass.h"

#include <stdlib.h>

enum {
	BATCH_RECORDS = 1000,
	BATCH_RECORDS_DRY = 10000, /* without our indexes each batch's look-ups read all there is */
	BATCH_BYTES = 16 * 1024 * 1024,
	LOOKS_MOST = 10,
	PROGRESS_MS = 5000
};

/*
 * Each needs only what those before it have finished, and what none of them changes:
 *
 * submissions    tasks as the older server left them: the pending that stay are known after this
 * tasks          the pending submissions that stay
 * withdrawals
 * users          their withdrawals; tasks and submissions, for the counters
 */
static const struct pass *const order_of_work[] = {
	&submissions_pass, &tasks_pass,	   &withdrawals_pass,
	&users_pass,	   &payments_pass, &notifications_pass,
};

/* ---- a batch ---- */

static enum err batch_run(struct batch *batch)
{
	const struct adoption *adoption = batch->adoption;
	enum err err = batch->db ? OK : ERR_UNAVAILABLE;

	if (err == OK && adoption->pass->look)
		err = adoption->pass->look(batch);
	if (err == OK)
		err = journal_read(batch);
	if (err == OK && adoption->pass->key.field)
		err = keys_choose(batch);
	for (size_t i = 0; i < batch->count && err == OK; i++)
		record_plan(&batch->records[i]);
	return err == OK && !adoption->order->dry_run ? batch_commit(batch) : err;
}

/* A thread that works on a batch, and ends with it. */
static void *batch_work(void *context)
{
	struct batch *batch = context;
	struct adoption *adoption = batch->adoption;

	batch->call.db = batch->db = db_open(adoption->order->store);
	enum err err = batch->db ? batch_run(batch) : ERR_UNAVAILABLE;
	db_close(batch->db);
	pthread_mutex_lock(&adoption->lock);
	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].done || adoption->order->dry_run)
			report_add(&adoption->report, &batch->records[i]);
		else
			adoption->missed = true;
	if (adoption->err == OK)
		adoption->err = err;
	pthread_mutex_unlock(&adoption->lock);
	arena_free(batch->arena);
	return NULL;
}

static struct batch *batch_new(struct adoption *adoption)
{
	struct arena *arena = arena_new();
	struct batch *batch = arena_alloc(arena, sizeof *batch);

	batch->adoption = adoption;
	batch->arena = arena;
	batch->records = arena_alloc(arena, adoption->batch_most * sizeof *batch->records);
	batch->call = (struct call){ .arena = arena,
				     .caller = &batch->caller,
				     .request_id = "init-db",
				     .now = adoption->now };
	batch->journal.keys = doc_array_new(arena);
	batch->journal.owners = doc_array_new(arena);
	return batch;
}

/* ---- a look at a collection ---- */

static void progress(struct adoption *adoption)
{
	FILE *out = adoption->order->progress;

	if (!out || clock_steady() - adoption->told < PROGRESS_MS)
		return;
	adoption->told = clock_steady();
	fprintf(out, "%s: %lld of %lld\n", adoption->pass->doing, (long long)adoption->read,
		(long long)adoption->total);
	fflush(out);
}

/* Waits until no more than so many threads run. */
static void threads_await(struct adoption *adoption, size_t most)
{
	while (adoption->threads_begun - adoption->threads_ended > most)
		pthread_join(adoption->threads[adoption->threads_ended++ % ADOPTION_THREADS], NULL);
}

static void batch_hand_over(struct adoption *adoption)
{
	pthread_t *thread = &adoption->threads[adoption->threads_begun % ADOPTION_THREADS];
	bool in_turn = adoption->pass->in_turn && adoption->order->late;

	threads_await(adoption, in_turn ? 0 : ADOPTION_THREADS - 1);
	if (pthread_create(thread, NULL, batch_work, adoption->filling) == 0)
		adoption->threads_begun++;
	else
		batch_work(adoption->filling);
	adoption->filling = batch_new(adoption);
	adoption->batch_bytes = 0;
	progress(adoption);
}

static bool record_take(void *context, const bson_t *doc)
{
	struct adoption *adoption = context;
	struct batch *batch = adoption->filling;

	record_add(batch, doc);
	adoption->read++;
	adoption->batch_bytes += doc->len;
	if (batch->count == adoption->batch_most || adoption->batch_bytes >= BATCH_BYTES)
		batch_hand_over(adoption);
	return adoption->err == OK;
}

static enum err collection_read(struct adoption *adoption)
{
	const struct adoption_order *order = adoption->order;
	enum collection in = adoption->pass->in;
	struct arena *arena = adoption->arena;
	const bson_t *unmarked = DOC(arena, NONE(MARK));
	const bson_t *options =
		DOC(arena, SUB("sort", INT("_id", 1)), INT("batchSize", BATCH_RECORDS));
	enum err err = db_count(order->db, arena, in, order->late ? unmarked : DOC(arena, NULL), 0,
				&adoption->total);

	adoption->read = 0;
	adoption->batch_bytes = 0;
	adoption->batch_most = order->dry_run ? BATCH_RECORDS_DRY : BATCH_RECORDS;
	adoption->filling = batch_new(adoption);
	if (err == OK)
		err = db_each(order->db, in, unmarked, options, record_take, adoption);
	if (err == OK && adoption->err == OK && adoption->filling->count)
		batch_hand_over(adoption);
	threads_await(adoption, 0);
	arena_free(adoption->filling->arena);
	return err == OK ? adoption->err : err;
}

static enum err collection_look(struct adoption *adoption)
{
	enum err err = OK;

	adoption->missed = false;
	adoption->arena = arena_new();
	if (adoption->pass->key.field)
		err = keys_look(adoption);
	if (err == OK && adoption->pass->begin)
		err = adoption->pass->begin(adoption);
	if (err == OK)
		err = collection_read(adoption);
	arena_free(adoption->arena);
	return err;
}

/* What changed while it was worked on is found again, as it has no mark. */
static enum err pass_run(struct adoption *adoption)
{
	enum err err = OK;

	adoption->missed = true;
	for (int i = 0; i < LOOKS_MOST && err == OK && adoption->missed; i++) {
		/* others may have changed it all */
		if (i > 0)
			err = people_read(adoption);
		if (err == OK)
			err = collection_look(adoption);
	}
	if (err != OK || !adoption->missed)
		return err;
	log_line(LOG_ERROR, NULL,
		 "%s keep changing while they are adopted: does the older server still run?",
		 adoption->pass->doing);
	return ERR_CONFLICT;
}

/* Is there anything to be adopted? */
static enum err unmarked_look(const struct adoption_order *order, bool *any)
{
	struct arena *arena = arena_new();
	const bson_t *unmarked;
	enum err err = unmarked_count(order->db, arena, 1, &unmarked);

	*any = !doc_is_empty(unmarked);
	if (err == OK && order->late)
		err = journal_check(order, arena);
	arena_free(arena);
	return err;
}

enum err adoption_run(const struct adoption_order *order, int64_t *adopted)
{
	struct adoption *adoption = memory_new(sizeof *adoption);
	bool any = false;

	adoption->order = order;
	adoption->now = clock_now();
	adoption->told = clock_steady();
	pthread_mutex_init(&adoption->lock, NULL);
	enum err err = unmarked_look(order, &any);
	if (err == OK && any)
		err = people_read(adoption);
	for (size_t i = 0; i < COUNT_OF(order_of_work) && err == OK && any; i++) {
		adoption->pass = order_of_work[i];
		err = pass_run(adoption);
	}
	report_print(&adoption->report, order->report);
	*adopted = 0;
	for (int in = 0; in < MARKED_COUNT; in++)
		*adopted += adoption->report.records[in];
	pthread_mutex_destroy(&adoption->lock);
	people_free(&adoption->people);
	free(adoption);
	return err;
}
