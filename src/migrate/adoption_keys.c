/*
 * Unique keys of old records: slot_key of submissions, txn_key of payments. Where two would have the same one, the
 * first gets it: those that count before others, then the oldest. The others go without, and are told.
 *
 * One look at all that bears no mark finds them, before the pass in which the keys are made. Whoever has a key already,
 * in the books, keeps it.
 */
#include "migrate/adoption_private.h"

#include "base/digest.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys ---- */

static const char *slot_text(struct batch *batch, const bson_t *submission)
{
	const struct person *worker = owner_of(batch, submission, "worker_id", "worker_email");
	struct id task;

	return worker && id_read(submission, "task_id", &task) ?
		       arena_printf(batch->arena, "%s:%s", id_text(batch->arena, &worker->id),
				    id_text(batch->arena, &task)) :
		       NULL;
}

static const char *transaction_text(struct batch *batch, const bson_t *payment)
{
	const char *transaction = doc_text(payment, "transaction_id");

	return transaction && *transaction ? arena_text(batch->arena, transaction) : NULL;
}

const struct unique_key slot_key = {
	.field = "slot_key",
	.rule = RULE_WORK_TWICE,
	.text = slot_text,
	.counts = "approved",
	.pending_counts = true,
	.fields = JSON({
		"task_id" : 1,
		"worker_id" : 1,
		"worker_email" : 1,
		"status" : 1,
		"createdAt" : 1,
		"slot_key" : 1
	}),
};

const struct unique_key transaction_key = {
	.field = "txn_key",
	.rule = RULE_PAYMENT_TWICE,
	.text = transaction_text,
	.counts = "completed",
	.fields = JSON({ "transaction_id" : 1, "status" : 1, "createdAt" : 1, "txn_key" : 1 }),
};

/* ---- which go without ---- */

struct duplicate {
	uint8_t key[16]; /* a part of its hash, which is enough to tell any two apart */
	struct id id, task;
	int64_t created;
	/* the lowest comes first; of equals, the oldest */
	enum { RANK_KEYED, RANK_COUNTS, RANK_OTHER, RANK_PENDING } rank;
};

struct search {
	struct batch batch;
	struct duplicate *duplicates;
	size_t count, room;
};

static bool same_key(const struct duplicate *one, const struct duplicate *other)
{
	return !memcmp(one->key, other->key, sizeof one->key);
}

static int duplicate_compare(const void *a, const void *b)
{
	const struct duplicate *one = a, *other = b;
	int order = memcmp(one->key, other->key, sizeof one->key);

	if (!order)
		order = (int)one->rank - (int)other->rank;
	return order ? order : age_compare(one->created, &one->id, other->created, &other->id);
}

static bool duplicate_take(void *context, const bson_t *doc)
{
	struct search *search = context;
	const struct unique_key *unique = search->batch.pass->key;
	const char *key = unique->text(&search->batch, doc), *status = status_of(doc, "pending");
	struct duplicate duplicate = { .created = created_at(doc), .rank = RANK_OTHER };
	uint8_t digest[DIGEST_SIZE];

	if (bson_has_field(doc, unique->field))
		duplicate.rank = RANK_KEYED;
	else if (!strcmp(status, unique->counts))
		duplicate.rank = RANK_COUNTS;
	else if (unique->pending_counts && !strcmp(status, "pending"))
		duplicate.rank = RANK_PENDING;
	if (key && doc_id(doc, "_id", &duplicate.id)) {
		(void)id_read(doc, "task_id", &duplicate.task);
		digest_sha256(key, strlen(key), digest);
		memcpy(duplicate.key, digest, sizeof duplicate.key);
		search->duplicates = list_grow(search->duplicates, search->count, &search->room,
					       sizeof duplicate);
		search->duplicates[search->count++] = duplicate;
	}
	arena_reset(search->batch.arena);
	return true;
}

/* What is pending counts while its task can pay for it; else it is going to be rejected. */
static enum err pending_rank(struct search *search, struct duplicate *duplicates, size_t count)
{
	struct batch *batch = &search->batch;
	const bson_t *task;
	enum err err = db_find_id(batch->db, batch->arena, TASKS, &duplicates->task, &task);
	bool kept = err == OK && task && task_facts_of(batch, task).keeps_work;

	for (size_t i = 0; i < count; i++)
		if (duplicates[i].rank == RANK_PENDING)
			duplicates[i].rank = kept ? RANK_COUNTS : RANK_OTHER;
	qsort(duplicates, count, sizeof *duplicates, duplicate_compare);
	arena_reset(batch->arena);
	return err;
}

static enum err duplicates_take(struct search *search)
{
	struct adoption *adoption = search->batch.adoption;
	struct duplicate *duplicates = search->duplicates;
	enum err err = OK;

	if (search->count)
		qsort(duplicates, search->count, sizeof *duplicates, duplicate_compare);
	for (size_t first = 0, next; first < search->count && err == OK; first = next) {
		bool pending = false;

		for (next = first;
		     next < search->count && same_key(duplicates + first, duplicates + next);
		     next++)
			pending |= duplicates[next].rank == RANK_PENDING;
		if (pending && next - first > 1)
			err = pending_rank(search, duplicates + first, next - first);
		for (size_t i = first + 1; i < next; i++)
			id_set_add(adoption->arena, &adoption->keyless, &duplicates[i].id);
	}
	id_set_sort(&adoption->keyless);
	return err;
}

/* Nobody's, as long as there are none at all. */
static enum err keys_held(struct adoption *adoption, const struct pass *pass, struct arena *arena)
{
	const bson_t *keyed;
	bson_t *any = DOC(arena, SUB(pass->key->field, TEXT("$gt", "")));
	enum err err = db_find_one(adoption->order->db, arena, pass->in, any,
				   DOC(arena, INT("_id", 1)), &keyed);

	adoption->keys_held = keyed != NULL;
	return err;
}

enum err keys_look(struct adoption *adoption, const struct pass *pass)
{
	struct arena *arena = arena_new();
	struct search search = { .batch = { .adoption = adoption,
					    .pass = pass,
					    .db = adoption->order->db,
					    .arena = arena_new() } };
	enum err err = keys_held(adoption, pass, arena);

	adoption->keyless = (struct id_set){ 0 };
	if (err == OK)
		err = db_each(adoption->order->db, pass->in, doc_parse(arena, "{" UNMARKED "}"),
			      DOC(arena, PART("projection", doc_parse(arena, pass->key->fields))),
			      duplicate_take, &search);
	if (err == OK)
		err = duplicates_take(&search);
	free(search.duplicates);
	arena_free(search.batch.arena);
	arena_free(arena);
	return err;
}

/* ---- choosing ---- */

/* Somebody has the key: all others of the batch go without. */
static bool keyed_take(void *context, const bson_t *keyed)
{
	struct batch *batch = context;
	const struct unique_key *key = batch->pass->key;
	const char *held = doc_text(keyed, key->field);
	struct id id = doc_own_id(keyed);

	for (size_t i = 0; i < batch->count && held; i++) {
		struct record *record = &batch->records[i];

		if (!record->key || strcmp(record->key, held) || id_equal(&record->id, &id))
			continue;
		record->key = NULL;
		note(batch, record, key->rule, 0);
	}
	return true;
}

enum err keys_choose(struct batch *batch)
{
	struct arena *arena = batch->arena;
	const struct unique_key *key = batch->pass->key;
	struct doc_array keys = doc_array_new(arena);

	for (size_t i = 0; key && i < batch->count; i++) {
		struct record *record = &batch->records[i];

		if (bson_has_field(record->doc, key->field))
			continue;
		if (id_set_has(&batch->adoption->keyless, &record->id))
			note(batch, record, key->rule, 0);
		else
			record->key = key->text(batch, record->doc);
		if (record->key)
			doc_array_text(&keys, record->key);
	}
	if (!keys.count || !batch->adoption->keys_held)
		return OK;
	return db_each(batch->db, batch->pass->in,
		       DOC(arena, SUB(key->field, ARRAY("$in", keys.doc))),
		       DOC(arena, SUB("projection", INT(key->field, 1))), keyed_take, batch);
}
