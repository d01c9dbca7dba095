#include "store/store_private.h"

#include "store/doc.h"

/* ---- how many records fit into a reply ---- */

/* Of a record, as long as none was read. */
enum { UNKNOWN_BYTES = REPLY_BYTES / 32 };

static _Atomic uint32_t largest[COLLECTION_COUNT]; /* in bytes; 0: unknown */

int64_t store_fitting(enum collection in)
{
	uint32_t bytes = largest[in];
	int64_t fitting = REPLY_BYTES / (bytes ? bytes : UNKNOWN_BYTES);

	return fitting > 1 ? fitting : 1;
}

/* Grows at once, and shrinks slowly. Threads that note at the same moment may lose one another's note. */
void store_size_note(enum collection in, uint32_t bytes)
{
	uint32_t known = largest[in];
	uint32_t less = bytes < known ? (known - bytes + 63) / 64 : 0;

	if (bytes && bytes != known)
		largest[in] = bytes > known ? bytes : known - less;
}

/* ---- by several commands ---- */

static enum err read_on(struct db *db, enum collection in, const bson_t *filter,
			const bson_t *options, int64_t batch, db_row row, void *context)
{
	mongoc_collection_t *collection = store_collection(db, in);
	mongoc_cursor_t *cursor =
		mongoc_collection_find_with_opts(collection, filter, options, NULL);

	mongoc_cursor_set_batch_size(cursor, (uint32_t)batch);
	enum err err = store_drain(db, cursor, row, context);

	mongoc_collection_destroy(collection);
	return err;
}

/* ---- by one command ---- */

/* Without a batchSize, a first reply has no more than 101 records. */
static bson_t *find_command(struct arena *arena, enum collection in, const bson_t *filter,
			    const bson_t *options, int64_t limit)
{
	bson_t *command = DOC(arena, TEXT("find", collection_name(in)), PART("filter", filter),
			      WHOLE("batchSize", limit));

	bson_copy_to_excluding_noinit(options, command, "batchSize", NULL);
	return command;
}

struct walk {
	db_row row;
	void *context;
	int64_t count; /* of records that were read */
	uint32_t largest;
	bool ended; /* the row wants no more */
};

static void reply_walk(const bson_t *batch, struct walk *walk)
{
	bson_t doc;
	bson_iter_t at;

	for (bson_iter_init(&at, batch); !walk->ended && bson_iter_next(&at);) {
		if (!doc_iter_part(&at, &doc))
			continue;
		walk->count++;
		walk->largest = doc.len > walk->largest ? doc.len : walk->largest;
		walk->ended = !walk->row(walk->context, &doc);
	}
}

/* A reply has at most 16 MB, however many records are asked for. */
static enum err read_rest(struct db *db, struct arena *arena, enum collection in,
			  const bson_t *filter, const bson_t *options, const struct walk *walk)
{
	bson_t *rest = DOC(arena, WHOLE("skip", doc_whole(options, "skip", 0) + walk->count),
			   WHOLE("limit", doc_whole(options, "limit", 0) - walk->count));

	bson_copy_to_excluding_noinit(options, rest, "skip", "limit", NULL);
	return read_on(db, in, filter, rest, store_fitting(in), walk->row, walk->context);
}

static enum err read_at_once(struct db *db, enum collection in, const bson_t *filter,
			     const bson_t *options, int64_t limit, db_row row, void *context)
{
	struct arena *arena = arena_new();
	struct walk walk = { .row = row, .context = context };
	const bson_t *reply;
	bson_t cursor = BSON_INITIALIZER, batch;
	enum err err = db_read(db, arena, find_command(arena, in, filter, options, limit), &reply);

	if (err == OK && doc_part(reply, "cursor", &cursor) &&
	    doc_part(&cursor, "firstBatch", &batch))
		reply_walk(&batch, &walk);
	if (!bson_has_field(options, "projection"))
		store_size_note(in, walk.largest);
	if (!walk.ended && doc_whole(&cursor, "id", 0))
		err = read_rest(db, arena, in, filter, options, &walk);
	arena_free(arena);
	return err;
}

enum err db_each(struct db *db, enum collection in, const bson_t *filter, const bson_t *options,
		 db_row row, void *context)
{
	int64_t limit = options ? doc_whole(options, "limit", 0) : 0;
	int64_t fitting = store_fitting(in);
	int64_t batch = options ? doc_whole(options, "batchSize", fitting) : fitting;

	return limit > 0 && limit <= batch ?
		       read_at_once(db, in, filter, options, limit, row, context) :
		       read_on(db, in, filter, options, batch, row, context);
}
