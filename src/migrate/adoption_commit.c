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

struct group {
	struct batch *batch;
	struct arena *arena; /* emptied for each try */
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
static enum err group_commit(const struct group *group, struct record *const *records, size_t count,
			     int tries)
{
	struct txn txn;

	arena_reset(group->arena);
	txn_start(&txn, group->arena);
	steps_join(&txn, records, count);
	enum err err = txn_commit(group->batch->db, &txn);

	if (err == ERR_UNAVAILABLE && tries < TRIES)
		clock_sleep(TRY_AGAIN_MS);
	if (err != OK && count > 1) {
		size_t half = count / 2;

		err = group_commit(group, records, half, tries);
		return err == OK ? group_commit(group, records + half, count - half, tries) : err;
	}
	if (err == ERR_UNAVAILABLE && tries < TRIES)
		return group_commit(group, records, count, tries + 1);
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

enum err batch_commit(struct batch *batch)
{
	size_t most = batch->adoption->order->late ? GROUP_STEPS_LATE : GROUP_STEPS;
	struct record **records = arena_alloc(batch->arena, batch->count * sizeof *records);
	struct group group = { batch, arena_new() };
	size_t count = 0;
	enum err err = OK;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].txn.count)
			records[count++] = &batch->records[i];
	for (size_t first = 0, next; first < count && err == OK; first = next) {
		size_t steps = 0, bytes = 0;

		for (next = first; next < count && steps < most && bytes < GROUP_BYTES; next++) {
			steps += records[next]->txn.count;
			bytes += record_bytes(records[next]);
		}
		err = group_commit(&group, records + first, next - first, 1);
	}
	arena_free(group.arena);
	return err;
}
