/*
 * Unique keys of old records: slot_key of submissions, txn_key of payments. Where two would have the same one, the
 * first gets it: those that count before others, then the oldest. The others go without, and are told.
 *
 * One look at all that bears no mark finds them, before the pass in which the keys are made. Whoever has a key already,
 * in the books, keeps it.
 */
#include "migrate/adoption_pass.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

/* The id of a record, or what stands for an _id that is no ObjectId: a part of its hash. */
static struct id name_of(struct arena *arena, const bson_t *doc)
{
	struct id id;
	bson_iter_t at;
	uint8_t digest[DIGEST_SIZE];

	if (doc_id(doc, "_id", &id) || !bson_iter_init_find(&at, doc, "_id"))
		return id;
	const bson_t *odd = DOC(arena, PAIR("", BCON_ITER(&at)));
	digest_sha256(bson_get_data(odd), doc_size(odd), digest);
	memcpy(id.bytes, digest, sizeof id.bytes);
	return id;
}

/* ---- which go without ---- */

struct duplicate {
	uint8_t key[16]; /* a part of its hash, which is enough to tell any two apart */
	struct id id, task;
	int64_t created;
	/* the lowest comes first; of equals, the oldest */
	enum { RANK_KEYED, RANK_COUNTS, RANK_OTHER, RANK_PENDING } rank;
};

struct search {
	struct batch batch; /* for what is asked of one */
	struct duplicate *list;
	size_t count, room;
};

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
	const struct pass *pass = search->batch.adoption->pass;
	const char *key = pass->key.text(&search->batch, doc);
	const char *status = status_of(doc, pass->status);
	struct duplicate duplicate = { .created = created_at(doc), .rank = RANK_OTHER };
	bool for_task = id_read(doc, "task_id", &duplicate.task);
	bool has_id = doc_id(doc, "_id", &duplicate.id);
	uint8_t digest[DIGEST_SIZE];

	if (bson_has_field(doc, pass->key.field))
		duplicate.rank = RANK_KEYED;
	else if (!strcmp(status, status_name(pass->key.counts)))
		duplicate.rank = RANK_COUNTS;
	else if (for_task && has_id && !strcmp(status, status_name(STATUS_PENDING)))
		duplicate.rank = RANK_PENDING;
	if (key) {
		duplicate.id = name_of(search->batch.arena, doc);
		digest_sha256(key, strlen(key), digest);
		memcpy(duplicate.key, digest, sizeof duplicate.key);
		search->list =
			list_grow(search->list, search->count, &search->room, sizeof duplicate);
		search->list[search->count++] = duplicate;
	}
	arena_reset(search->batch.arena);
	return true;
}

/* What is pending counts while its task can pay for it; else it is going to be rejected, as with an odd _id. */
static enum err pending_rank(const struct batch *batch, struct duplicate *list, size_t count)
{
	const bson_t *task;
	enum err err = db_find_id(batch->db, batch->arena, TASKS, &list->task, &task);
	bool kept = err == OK && task && task_facts_of(batch, task).keeps_work;

	for (size_t i = 0; i < count; i++)
		if (list[i].rank == RANK_PENDING)
			list[i].rank = kept ? RANK_COUNTS : RANK_OTHER;
	qsort(list, count, sizeof *list, duplicate_compare);
	arena_reset(batch->arena);
	return err;
}

/* Of each group of equals all but the first go without. */
static enum err duplicates_find(const struct search *search)
{
	struct adoption *adoption = search->batch.adoption;
	struct duplicate *list = search->list;
	enum err err = OK;

	adoption->keyless = arena_alloc(adoption->arena, (search->count + 1) * sizeof(struct id));
	adoption->keyless_count = 0;
	if (search->count)
		qsort(list, search->count, sizeof *list, duplicate_compare);
	for (size_t first = 0, next; first < search->count && err == OK; first = next) {
		for (next = first + 1; next < search->count &&
				       !memcmp(list[first].key, list[next].key, sizeof list->key);)
			next++;
		/* the pending ones come last */
		if (list[next - 1].rank == RANK_PENDING && next - first > 1)
			err = pending_rank(&search->batch, list + first, next - first);
		for (size_t i = first + 1; i < next; i++)
			adoption->keyless[adoption->keyless_count++] = list[i].id;
	}
	rows_sort(adoption->keyless, adoption->keyless_count, sizeof *adoption->keyless);
	return err;
}

enum err keys_look(struct adoption *adoption)
{
	struct db *db = adoption->order->db;
	struct arena *arena = adoption->arena;
	enum collection in = adoption->pass->in;
	const char *field = adoption->pass->key.field;
	struct search search = { .batch = {
					 .adoption = adoption, .db = db, .arena = arena_new() } };
	bson_t *fields =
		DOC(arena, INT("task_id", 1), INT("worker_id", 1), INT("worker_email", 1),
		    INT("transaction_id", 1), INT("status", 1), INT("createdAt", 1), INT(field, 1));
	const bson_t *keyed;
	enum err err = db_find_one(db, arena, in, DOC(arena, SUB(field, TEXT("$gt", ""))),
				   DOC(arena, INT("_id", 1)), &keyed);

	adoption->keys_held = keyed != NULL;
	if (err == OK)
		err = db_each(db, in, DOC(arena, NONE(MARK)),
			      DOC(arena, PART("projection", fields)), duplicate_take, &search);
	if (err == OK)
		err = duplicates_find(&search);
	free(search.list);
	arena_free(search.batch.arena);
	return err;
}

/* ---- choosing ---- */

/* Somebody has the key: all others of the batch go without. */
static bool keyed_take(void *context, const bson_t *keyed)
{
	struct batch *batch = context;
	const struct unique_key *key = &batch->adoption->pass->key;
	const char *held = doc_text(keyed, key->field);
	struct id id = name_of(batch->arena, keyed);

	for (size_t i = 0; i < batch->count && held; i++) {
		struct record *record = &batch->records[i];

		if (!record->key || strcmp(record->key, held))
			continue;
		struct id own = name_of(batch->arena, record->doc);
		if (id_equal(&own, &id))
			continue;
		record->key = NULL;
		note(record, key->rule, 0);
	}
	return true;
}

enum err keys_choose(struct batch *batch)
{
	struct arena *arena = batch->arena;
	const struct adoption *adoption = batch->adoption;
	const struct unique_key *key = &adoption->pass->key;
	struct doc_array keys = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++) {
		struct record *record = &batch->records[i];

		if (bson_has_field(record->doc, key->field))
			continue;
		struct id id = name_of(arena, record->doc);
		if (row_find(adoption->keyless, adoption->keyless_count, sizeof *adoption->keyless,
			     &id))
			note(record, key->rule, 0);
		else
			record->key = key->text(batch, record->doc);
		if (record->key)
			doc_array_text(&keys, record->key);
	}
	if (!keys.count || !adoption->keys_held)
		return OK;
	return db_each(batch->db, adoption->pass->in,
		       DOC(arena, SUB(key->field, ARRAY("$in", keys.doc))),
		       DOC(arena, SUB("projection", INT(key->field, 1))), keyed_take, batch);
}
