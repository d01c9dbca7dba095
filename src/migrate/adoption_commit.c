/*
 * Making happen what a batch has planned.
 *
 * Its records share transactions, each with its journal rows in one. One that fails, as a record changed since it was
 * read, is taken apart, so that each of them still succeeds or fails by itself.
 */
#include "migrate/adoption_private.h"

#include "base/clock.h"
#include "base/count.h"

enum {
	/* of a transaction; beside workers others soon meet what it has changed */
	GROUP_STEPS = 600,
	GROUP_STEPS_LATE = 80,
	GROUP_BYTES = 4 * 1024 * 1024,
	TRIES = 6,
	TRY_AGAIN_MS = 1000
};

/* Their steps, those that can travel together side by side. */
static void steps_join(struct txn *txn, struct record *const *records, size_t count)
{
	static const int kinds[] = { STEP_SAME, STEP_UPDATE, STEP_INSERT };
	size_t steps = 0;

	for (size_t i = 0; i < count; i++)
		steps += records[i]->txn.count;
	txn->together = true;
	txn->steps = arena_alloc(txn->arena, steps * sizeof *txn->steps);
	for (size_t place = 0; place < COUNT_OF(kinds) * COLLECTION_COUNT; place++)
		for (size_t i = 0; i < count && txn->count < steps; i++)
			for (size_t n = 0; n < records[i]->txn.count; n++) {
				const struct step *step = &records[i]->txn.steps[n];

				if ((int)step->kind == kinds[place / COLLECTION_COUNT] &&
				    step->in == place % COLLECTION_COUNT)
					txn->steps[txn->count++] = *step;
			}
}

/*
 * A group that fails is halved, down to the record that failed. A database that is away for a moment, or elects, is
 * waited for. Should a commit have happened unheard, the next try meets what it guards against, and a further look at
 * the collection finds it done.
 */
static enum err group_commit(struct batch *batch, struct record *const *records, size_t count,
			     int tries)
{
	struct txn txn;

	arena_reset(batch->scratch);
	txn_start(&txn, batch->scratch);
	steps_join(&txn, records, count);
	enum err err = txn_commit(batch->db, &txn);

	if (err == ERR_UNAVAILABLE && tries < TRIES)
		clock_sleep(TRY_AGAIN_MS);
	if (err != OK && count > 1) {
		size_t half = count / 2;

		err = group_commit(batch, records, half, tries);
		return err == OK ? group_commit(batch, records + half, count - half, tries) : err;
	}
	if (err == ERR_UNAVAILABLE && tries < TRIES)
		return group_commit(batch, records, count, tries + 1);
	for (size_t i = 0; i < count; i++)
		records[i]->done = err == OK;
	return err == ERR_CONFLICT ? OK : err;
}

enum err batch_commit(struct batch *batch)
{
	size_t most = batch->adoption->order->late ? GROUP_STEPS_LATE : GROUP_STEPS;
	struct record **records = arena_alloc(batch->arena, batch->count * sizeof *records);
	size_t count = 0;
	enum err err = OK;

	batch->scratch = arena_new();
	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].txn.count)
			records[count++] = &batch->records[i];
	for (size_t first = 0, next; first < count && err == OK; first = next) {
		size_t steps = 0, bytes = 0;

		for (next = first; next < count && steps < most && bytes < GROUP_BYTES; next++) {
			steps += records[next]->txn.count;
			bytes += records[next]->doc->len + records[next]->set->len;
		}
		err = group_commit(batch, records + first, next - first, 1);
	}
	arena_free(batch->scratch);
	return err;
}
