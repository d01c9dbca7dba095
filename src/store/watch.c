#include "store/watch.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/doc.h"
#include "store/store_private.h"

#include <stdlib.h>

struct watch {
	struct db *db;
	enum collection in;
	mongoc_change_stream_t *stream; /* NULL: to be opened */
	bson_t *place; /* the resume token after what was told; NULL: none */
};

struct watch *watch_open(struct db *db, enum collection in)
{
	struct watch *watch = memory_new(sizeof *watch);

	watch->db = db;
	watch->in = in;
	return watch;
}

static void place_set(struct watch *watch, const bson_t *token)
{
	bson_t *place = token ? bson_copy(token) : NULL;

	bson_destroy(watch->place);
	watch->place = place;
}

/* An error sticks to a stream: it is opened again at the place where it was. */
static void stream_drop(struct watch *watch)
{
	if (watch->stream)
		mongoc_change_stream_destroy(watch->stream);
	watch->stream = NULL;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	stream_drop(watch);
	bson_destroy(watch->place);
	free(watch);
}

/* "invalidate" comes when the collection is dropped or renamed, and ends the stream. */
static bson_t *pipeline_new(void)
{
	return BCON_NEW(LIST("pipeline",
			     STAGE("$match", SUB("operationType", LIST("$in", BCON_UTF8("insert"),
								       BCON_UTF8("invalidate")))),
			     STAGE("$project", INT("operationType", 1), INT("fullDocument", 1))));
}

/* Does the error say that the place is none (any more)? */
static bool place_is_lost(const bson_error_t *error)
{
	enum {
		CAPPED_POSITION_LOST = 136,
		INVALID_RESUME_TOKEN = 260,
		CHANGE_STREAM_FATAL = 280,
		CHANGE_STREAM_HISTORY_LOST = 286
	};

	return error->domain == MONGOC_ERROR_SERVER &&
	       (error->code == CAPPED_POSITION_LOST || error->code == INVALID_RESUME_TOKEN ||
		error->code == CHANGE_STREAM_FATAL || error->code == CHANGE_STREAM_HISTORY_LOST);
}

static enum watch_news failed(struct watch *watch)
{
	bson_error_t error;

	mongoc_change_stream_error_document(watch->stream, &error, NULL);
	store_failed(&error, "watching");
	if (place_is_lost(&error))
		place_set(watch, NULL);
	else if (mongoc_change_stream_get_resume_token(watch->stream))
		place_set(watch, mongoc_change_stream_get_resume_token(watch->stream));
	stream_drop(watch);
	return WATCH_AWAY;
}

static enum watch_news stream_open(struct watch *watch, int wait_ms)
{
	mongoc_collection_t *collection = store_collection(watch->db, watch->in);
	bson_t *pipeline = pipeline_new();
	bson_t *options = BCON_NEW(WHOLE("maxAwaitTimeMS", wait_ms));

	if (watch->place)
		BSON_APPEND_DOCUMENT(options, "resumeAfter", watch->place);
	watch->stream = mongoc_collection_watch(collection, pipeline, options);
	bson_destroy(options);
	bson_destroy(pipeline);
	mongoc_collection_destroy(collection);
	if (mongoc_change_stream_error_document(watch->stream, NULL, NULL))
		return failed(watch);
	return watch->place ? WATCH_QUIET : WATCH_BEGINS;
}

static enum watch_news change_read(struct watch *watch, const bson_t *change, bson_t **doc)
{
	bson_t inserted;

	if (doc_text_is(change, "operationType", "invalidate")) {
		log_line(LOG_WARN, NULL, "%s was dropped or renamed while it was watched",
			 collection_name(watch->in));
		place_set(watch, NULL);
		stream_drop(watch);
		return WATCH_QUIET;
	}
	if (!doc_part(change, "fullDocument", &inserted))
		return WATCH_QUIET;
	*doc = bson_copy(&inserted);
	return WATCH_INSERTED;
}

enum watch_news watch_next(struct watch *watch, int wait_ms, bson_t **doc)
{
	const bson_t *change;

	if (!watch->stream)
		return stream_open(watch, wait_ms);
	if (mongoc_change_stream_next(watch->stream, &change))
		return change_read(watch, change, doc);
	if (mongoc_change_stream_error_document(watch->stream, NULL, NULL))
		return failed(watch);
	return WATCH_QUIET;
}
