/*
 * Making happen what a batch has planned.
 *
 * Its records share transactions, each with its journal rows in one. One that fails, as a record changed since it was
 * read, is taken apart, so that each of them still succeeds or fails by itself.
 */
#include "migrate/adoption_private.h"

#include "base/clock.h"
#include "base/count.h"
#include "store/doc.h"

enum {
	/* of a transaction; beside workers others soon meet what it has changed */
	GROUP_STEPS = 250,
	GROUP_STEPS_LATE = 50,
	GROUP_BYTES = 4 * 1024 * 1024,
	TRIES = 6,
	TRY_AGAIN_MS = 1000
};

/* ---- transactions ---- */

static void steps_take(struct txn *txn, const struct txn *of, int kind, int in)
{
	for (size_t i = 0; i < of->count; i++)
		if ((int)of->steps[i].kind == kind && (int)of->steps[i].in == in)
			txn->steps[txn->count++] = of->steps[i];
}

/* The steps of some records, those that can travel together side by side. */
static void steps_join(struct txn *txn, struct record *const *records, size_t count)
{
	static const int kinds[] = { STEP_SAME, STEP_UPDATE, STEP_INSERT };
	size_t steps = 0;

	for (size_t i = 0; i < count; i++)
		steps += records[i]->txn.count;
	txn->together = true;
	txn->steps = arena_alloc(txn->arena, steps * sizeof *txn->steps);
	for (size_t kind = 0; kind < COUNT_OF(kinds); kind++)
		for (int in = 0; in < COLLECTION_COUNT && txn->count < steps; in++)
			for (size_t i = 0; i < count; i++)
				steps_take(txn, &records[i]->txn, kinds[kind], in);
}

/*
 * A group that fails is halved, down to the record that failed. A database that is away for a moment, or elects, is
 * waited for. Should a commit have happened unheard, the next try meets what it guards against, and a further look at
 * the collection finds it done.
 */
static enum err records_commit(struct batch *batch, struct record *const *records, size_t count,
			       int tries)
{
	struct txn txn;

	arena_reset(batch->scratch);
	txn_start(&txn, batch->scratch);
	steps_join(&txn, records, count);
	enum err err = txn.count ? txn_commit(batch->db, &txn) : OK;

	if (err == ERR_UNAVAILABLE && tries < TRIES)
		clock_sleep(TRY_AGAIN_MS);
	if (err != OK && count > 1) {
		err = records_commit(batch, records, count / 2, tries);
		return err == OK ? records_commit(batch, records + count / 2, count - count / 2,
						  tries) :
				   err;
	}
	if (err == ERR_UNAVAILABLE && tries < TRIES)
		return records_commit(batch, records, count, tries + 1);
	for (size_t i = 0; i < count; i++)
		records[i]->done = err == OK;
	return err == ERR_CONFLICT ? OK : err;
}

static size_t record_bytes(const struct record *record)
{
	size_t bytes = 0;

	for (size_t i = 0; i < record->txn.count; i++) {
		const struct step *step = &record->txn.steps[i];

		bytes += step->doc ? step->doc->len : step->filter->len + step->change->len;
	}
	return bytes;
}

static enum err groups_commit(struct batch *batch, struct record *const *records, size_t count)
{
	size_t most = batch->adoption->order->late ? GROUP_STEPS_LATE : GROUP_STEPS;
	enum err err = OK;

	for (size_t first = 0, next; first < count && err == OK; first = next) {
		size_t steps = 0, bytes = 0;

		for (next = first; next < count && steps < most && bytes < GROUP_BYTES; next++) {
			steps += records[next]->txn.count;
			bytes += record_bytes(records[next]);
		}
		err = records_commit(batch, records + first, next - first, 1);
	}
	return err;
}

enum err batch_commit(struct batch *batch)
{
	struct record **records = arena_alloc(batch->arena, batch->count * sizeof *records);
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].txn.count)
			records[count++] = &batch->records[i];
	return groups_commit(batch, records, count);
}
