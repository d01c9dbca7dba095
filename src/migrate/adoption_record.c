/* Records of a batch: finding one, what all of its kind have in common, and making happen what was planned. */
#include "migrate/adoption_pass.h"

#include "base/clock.h"
#include "base/count.h"

#include <string.h>

enum {
	/* of a transaction; while microtaskd runs others soon meet what it has changed */
	GROUP_STEPS = 1000,
	GROUP_STEPS_LATE = 80,
	GROUP_BYTES = 4 * 1024 * 1024,
	TRIES = 6,
	TRY_AGAIN_MS = 1000
};

struct record *record_add(struct batch *batch, const bson_t *doc)
{
	const struct pass *pass = batch->adoption->pass;
	struct record *record = &batch->records[batch->count++];

	record->batch = batch;
	record->doc = doc_copy(batch->arena, doc);
	record->has_id = doc_id(doc, "_id", &record->id);
	record->status = pass->status ? status_of(record->doc, pass->status) : "";
	if (pass->owner[0])
		record->owner = owner_of(batch, record->doc, pass->owner[0], pass->owner[1]);
	return record;
}

/* They were read in the order of their _id, in which ObjectIds stand together. */
struct record *record_of(const struct batch *batch, const struct id *id)
{
	size_t first = 0, end = batch->count;

	while (first < end && !batch->records[first].has_id)
		first++;
	while (first < end && !batch->records[end - 1].has_id)
		end--;
	return row_find(batch->records + first, end - first, sizeof *batch->records, id);
}

void row_add(struct batch *batch, const void *row, size_t size)
{
	batch->rows =
		arena_grow(batch->arena, batch->rows, batch->row_count, &batch->row_room, size);
	memcpy((char *)batch->rows + batch->row_count++ * size, row, size);
}

void *row_of(const struct batch *batch, size_t size, const struct id *id)
{
	return row_find(batch->rows, batch->row_count, size, id);
}

bool record_is(const struct record *record, enum status status)
{
	return !strcmp(record->status, status_name(status));
}

/* ---- fields ---- */

static void date_set(struct record *record, const char *field)
{
	if (!bson_has_field(record->set, field))
		set_date(record->set, record->doc, field, created_at(record->doc));
}

static void coins_set(struct record *record, const struct coins_field *coins)
{
	struct amount amount = amount_read(record->doc, coins->field, coins->most);

	if (!amount.there && coins->older)
		amount = amount_read(record->doc, coins->older, coins->most);
	SET(record, WHOLE(coins->field, amount.value));
	note_if(amount.floored, record, coins->floored);
	note_if(!amount.good, record, coins->bad);
}

/* Sets what records of the pass have by its row, where the plan has not. */
static void fields_set(struct record *record)
{
	const struct pass *pass = record->batch->adoption->pass;

	if (record->owner)
		SET(record, ID(pass->owner[0], &record->owner->id));
	if (record->key)
		SET(record, TEXT(pass->key.field, record->key));
	if (pass->coins.field && !bson_has_field(record->set, pass->coins.field))
		coins_set(record, &pass->coins);
	if (pass->status && !bson_has_field(record->set, "status") &&
	    is_absent(record->doc, "status"))
		SET(record, TEXT("status", pass->status));
	if (pass->date)
		date_set(record, pass->date);
	date_set(record, "createdAt");
	if (pass->in != USERS)
		date_set(record, "updatedAt");
}

void record_plan(struct record *record)
{
	const struct batch *batch = record->batch;
	const struct pass *pass = batch->adoption->pass;
	struct arena *arena = batch->arena;
	bson_t *filter = record->has_id ? DOC(arena, ID("_id", &record->id)) : DOC(arena, NULL);

	txn_start(&record->txn, arena);
	record->set = DOC(arena, NULL);
	int mark = pass->plan(record);
	if (!mark)
		return;
	fields_set(record);
	SET(record, INT(MARK, mark));
	if (!record->has_id)
		doc_unchanged(filter, record->doc, "_id");
	txn_same(&record->txn, pass->in, record->doc, ERR_CONFLICT);
	txn_update(&record->txn, pass->in, filter, DOC(arena, PART("$set", record->set)),
		   ERR_CONFLICT);
	txn_of_any(&record->txn);
}

void reject(struct record *record, enum rule rule, const char *reason, const char *date)
{
	note(record, rule, 0);
	SET(record, STATUS(REJECTED), TEXT("rejection_reason", reason),
	    DATE(date, record->batch->call.now));
}

void rejected_tell(struct record *record, const struct id *worker, const bson_t *doc,
		   const char *what, const char *reason)
{
	bool is_work = record->batch->adoption->pass->in == SUBMISSIONS;

	notify(&record->batch->call, &record->txn,
	       &(struct notification){
		       .user = worker,
		       .email = doc_text(doc, "worker_email"),
		       .kind = is_work ? NOTIFICATION_REJECTION : NOTIFICATION_WITHDRAWAL,
		       .page = is_work ? PAGE_WORKER_SUBMISSIONS : PAGE_WORKER_WITHDRAWALS,
		       .message = arena_printf(record->batch->arena,
					       "Your %s was rejected. Reason: %s", what, reason),
	       });
}

/*
 * ---- making it happen ----
 *
 * Records share transactions, each with its journal rows in one. One that fails, as a record changed since it was read,
 * is taken apart, so that each of them still succeeds or fails by itself.
 */

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
			bytes += doc_size(records[next]->doc) + doc_size(records[next]->set);
		}
		err = group_commit(batch, records + first, next - first, 1);
	}
	arena_free(batch->scratch);
	return err;
}
