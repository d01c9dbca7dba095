#include "store/store_private.h"

#include "store/doc.h"

/*
 * What fits into one reply is read by one command, with no cursor of the driver's around it. Whether it fits is judged
 * by the largest records of the collection lately.
 */
enum {
	REPLY_BYTES_MOST = 1024 * 1024,
	UNKNOWN_BYTES = REPLY_BYTES_MOST / 32, /* of a record, as long as none was read */
};

static _Atomic uint32_t
	largest[COLLECTION_COUNT]; /* in bytes, at most as many as are known; 0: unknown */

static int64_t records_fitting(enum collection in)
{
	uint32_t bytes = largest[in];

	return REPLY_BYTES_MOST / (bytes ? bytes : UNKNOWN_BYTES);
}

/* Grows at once, and shrinks slowly. */
static void largest_note(enum collection in, uint32_t bytes)
{
	uint32_t known = largest[in];

	largest[in] = bytes > known ? bytes : known - (known - bytes) / 64;
}

/* ---- by one command ---- */

/* Without a batchSize, a first reply has no more than 101 records. */
static bson_t *find_command(struct arena *arena, enum collection in, const bson_t *filter,
			    const bson_t *options, int64_t limit)
{
	bson_t *command = DOC(arena, TEXT("find", collection_name(in)), PART("filter", filter),
			      WHOLE("batchSize", limit), BOOL("singleBatch", true));

	bson_copy_to_excluding_noinit(options, command, "batchSize", NULL);
	return command;
}

static void reply_walk(const bson_t *reply, db_row row, void *context, uint32_t *most)
{
	bson_t cursor, batch, doc;
	bson_iter_t at;

	if (!doc_part(reply, "cursor", &cursor) || !doc_part(&cursor, "firstBatch", &batch) ||
	    !bson_iter_init(&at, &batch))
		return;
	while (bson_iter_next(&at)) {
		const uint8_t *bytes;
		uint32_t length;

		bson_iter_document(&at, &length, &bytes);
		if (!bytes || !bson_init_static(&doc, bytes, length))
			continue;
		*most = length > *most ? length : *most;
		if (!row(context, &doc))
			return;
	}
}

static enum err read_at_once(struct db *db, enum collection in, const bson_t *filter,
			     const bson_t *options, int64_t limit, db_row row, void *context)
{
	struct arena *arena = arena_new();
	const bson_t *reply;
	uint32_t most = 0;
	enum err err = db_read(db, arena, find_command(arena, in, filter, options, limit), &reply);

	if (err == OK)
		reply_walk(reply, row, context, &most);
	if (most && !bson_has_field(options, "projection"))
		largest_note(in, most);
	arena_free(arena);
	return err;
}

/* ---- by several ---- */

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

enum err db_each(struct db *db, enum collection in, const bson_t *filter, const bson_t *options,
		 db_row row, void *context)
{
	int64_t limit = options ? doc_whole(options, "limit", 0) : 0;
	int64_t fitting = records_fitting(in);
	int64_t batch = options ? doc_whole(options, "batchSize", fitting) : fitting;

	return limit > 0 && limit <= batch ?
		       read_at_once(db, in, filter, options, limit, row, context) :
		       read_on(db, in, filter, options, batch, row, context);
}
