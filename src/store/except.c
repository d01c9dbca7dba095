#include "store/except.h"

#include "store/doc.h"

/* Read and looked up at a time: the first are about a page, the rest are as many as still fit into memory with ease. */
enum { BATCH_FIRST = 16, BATCH_MAX = 128, BATCH_IDS = 1000 };

/* ---- one batch ---- */

struct batch {
	struct db *db;
	const struct list_except *except;
	struct arena *arena; /* of this batch */
	const bson_t *docs[BATCH_MAX]; /* as read; NULL where ids alone are wanted */
	struct id ids[BATCH_IDS];
	bool out[BATCH_IDS];
	size_t count, room;
};

static bool out_take(void *context, const bson_t *doc)
{
	struct batch *batch = context;
	struct id id;

	if (doc_id(doc, batch->except->field, &id))
		for (size_t i = 0; i < batch->count; i++)
			if (id_equal(&batch->ids[i], &id))
				batch->out[i] = true;
	return true;
}

/* Finds out which of the batch are left out: answered from the index of the field. */
static enum err batch_look_up(struct batch *batch)
{
	struct arena *arena = batch->arena;
	const struct list_except *except = batch->except;
	struct doc_array ids = doc_array_new(arena);
	bson_t *filter = doc_copy(arena, except->filter);

	for (size_t i = 0; i < batch->count; i++) {
		batch->out[i] = false;
		doc_array_id(&ids, &batch->ids[i]);
	}
	if (!batch->count)
		return OK;
	bson_concat(filter, DOC(arena, SUB(except->field, ARRAY("$in", ids.doc))));
	return db_each(batch->db, except->in, filter,
		       DOC(arena, SUB("projection", INT("_id", 0), INT(except->field, 1)),
			   INT("batchSize", BATCH_IDS + 1)),
		       out_take, batch);
}

static void batch_reset(struct batch *batch)
{
	batch->count = 0;
	arena_reset(batch->arena);
}

/* ---- what is not left out ---- */

struct walk {
	struct batch batch;
	db_row row;
	void *context;
	bool ended;
	enum err err;
};

static void walk_batch(struct walk *walk)
{
	struct batch *batch = &walk->batch;

	walk->err = batch_look_up(batch);
	for (size_t i = 0; i < batch->count && walk->err == OK && !walk->ended; i++)
		walk->ended = !batch->out[i] && !walk->row(walk->context, batch->docs[i]);
	batch_reset(batch);
	if (batch->room < BATCH_MAX)
		batch->room *= 2;
}

static bool walk_take(void *context, const bson_t *doc)
{
	struct walk *walk = context;
	struct batch *batch = &walk->batch;

	batch->ids[batch->count] = doc_own_id(doc);
	batch->docs[batch->count++] = doc_copy(batch->arena, doc);
	if (batch->count == batch->room)
		walk_batch(walk);
	return walk->err == OK && !walk->ended;
}

enum err except_each(struct db *db, enum collection in, const bson_t *filter, const bson_t *options,
		     const struct list_except *except, db_row row, void *context)
{
	struct arena *arena = arena_new();
	struct walk *walk = arena_alloc(arena, sizeof *walk);

	*walk = (struct walk){ .row = row, .context = context };
	walk->batch = (struct batch){
		.db = db, .except = except, .arena = arena_new(), .room = BATCH_FIRST
	};
	enum err err = db_each(db, in, filter, options, walk_take, walk);
	if (err == OK && walk->err == OK && !walk->ended)
		walk_batch(walk);
	if (err == OK)
		err = walk->err;
	arena_free(walk->batch.arena);
	arena_free(arena);
	return err;
}

/* ---- how many are ---- */

struct tally {
	struct batch batch;
	int64_t left_out;
	enum err err;
};

static void tally_batch(struct tally *tally)
{
	struct batch *batch = &tally->batch;

	tally->err = batch_look_up(batch);
	for (size_t i = 0; i < batch->count; i++)
		tally->left_out += batch->out[i];
	batch_reset(batch);
}

static bool tally_take(void *context, const bson_t *doc)
{
	struct tally *tally = context;
	struct batch *batch = &tally->batch;

	batch->ids[batch->count++] = doc_own_id(doc);
	if (batch->count == BATCH_IDS)
		tally_batch(tally);
	return tally->err == OK;
}

enum err except_count(struct db *db, enum collection in, const bson_t *filter, int64_t most,
		      const struct list_except *except, int64_t *count)
{
	struct arena *arena = arena_new();
	struct tally *tally = arena_alloc(arena, sizeof *tally);

	tally->batch = (struct batch){ .db = db, .except = except, .arena = arena_new() };
	enum err err = db_each(db, in, filter,
			       DOC(arena, SUB("projection", INT("_id", 1)), WHOLE("limit", most)),
			       tally_take, tally);
	if (err == OK && tally->err == OK)
		tally_batch(tally);
	if (err == OK)
		err = tally->err;
	*count = tally->left_out;
	arena_free(tally->batch.arena);
	arena_free(arena);
	return err;
}

bson_t *except_pipeline(struct arena *arena, enum collection in, const bson_t *filter,
			const struct list_except *except)
{
	return PIPELINE(arena, ITEM(PART("$match", except->filter)),
			STAGE("$group", TEXT("_id", arena_printf(arena, "$%s", except->field))),
			STAGE("$lookup", TEXT("from", collection_name(in)),
			      TEXT("localField", "_id"), TEXT("foreignField", "_id"),
			      LIST("pipeline", ITEM(PART("$match", filter)),
				   STAGE("$project", INT("_id", 1))),
			      TEXT("as", "of")),
			STAGE("$match", SUB("of.0", BOOL("$exists", true))),
			ITEM(TEXT("$count", "n")));
}
