#include "store/except.h"

#include "store/doc.h"

/* Read and looked up at a time: the first are about a page, the rest are as many as fit into memory with ease. */
enum { BATCH_FIRST = 16, BATCH_MAX = 1024, BATCH_BYTES = 1024 * 1024 };

/* ---- one batch ---- */

struct batch {
	struct db *db;
	const struct list_except *except;
	struct arena *arena; /* of this batch */
	const bson_t *docs[BATCH_MAX];
	struct id ids[BATCH_MAX];
	bool out[BATCH_MAX];
	size_t count, bytes, room;
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
			   INT("batchSize", BATCH_MAX + 1)),
		       out_take, batch);
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
	batch->count = batch->bytes = 0;
	arena_reset(batch->arena);
	if (batch->room < BATCH_MAX)
		batch->room *= 2;
}

static bool walk_take(void *context, const bson_t *doc)
{
	struct walk *walk = context;
	struct batch *batch = &walk->batch;

	batch->ids[batch->count] = doc_own_id(doc);
	batch->docs[batch->count++] = doc_copy(batch->arena, doc);
	batch->bytes += doc->len;
	if (batch->count == batch->room || batch->bytes >= BATCH_BYTES)
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
