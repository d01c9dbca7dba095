/* Lists and streams of MongoDB that break off, and bulks that fail or lose their answer; base/buggify.h says more. */
#include "store/buggify_driver.h"

#include <stdio.h>

enum { FIRST_ROWS = 20 };

/* The list that the thread opened last, if it is to break off. */
static _Thread_local struct {
	const void *list;
	uint64_t rows; /* that come before */
	bool broken;
} doomed;

static void doom(const void *list, uint64_t rows)
{
	doomed.list = list;
	doomed.rows = rows;
	doomed.broken = false;
}

static bool breaks(const void *list)
{
	if (doomed.list != list || (!doomed.broken && doomed.rows-- > 0))
		return false;
	return doomed.broken = true;
}

static bool is_broken(const void *list)
{
	return doomed.list == list && doomed.broken;
}

static void forget(const void *list)
{
	if (doomed.list == list)
		doom(NULL, 0);
}

static void say_lost(bson_error_t *error)
{
	if (error)
		bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET,
			       "buggify: the connection was closed");
}

/* ---- lists ---- */

static struct buggify list_begin(mongoc_collection_t *collection)
{
	char site[SITE_SIZE];

	snprintf(site, sizeof site, "list %s", mongoc_collection_get_name(collection));
	return buggify_begin(site, READING);
}

static mongoc_cursor_t *list_end(const struct buggify *buggify, mongoc_cursor_t *cursor)
{
	if (buggify->fault == BUGGIFY_FAIL)
		doom(cursor, buggify->draw % 2 ? 0 : buggify->draw / 2 % FIRST_ROWS);
	buggify_end(buggify);
	return cursor;
}

mongoc_cursor_t *__wrap_mongoc_collection_find_with_opts(mongoc_collection_t *collection,
							 const bson_t *filter,
							 const bson_t *options,
							 const mongoc_read_prefs_t *prefs)
{
	struct buggify buggify = list_begin(collection);

	return list_end(&buggify, __real_mongoc_collection_find_with_opts(collection, filter,
									  options, prefs));
}

mongoc_cursor_t *__wrap_mongoc_collection_aggregate(mongoc_collection_t *collection,
						    mongoc_query_flags_t flags,
						    const bson_t *pipeline, const bson_t *options,
						    const mongoc_read_prefs_t *prefs)
{
	struct buggify buggify = list_begin(collection);

	return list_end(&buggify, __real_mongoc_collection_aggregate(collection, flags, pipeline,
								     options, prefs));
}

bool __wrap_mongoc_cursor_next(mongoc_cursor_t *cursor, const bson_t **row)
{
	return !breaks(cursor) && __real_mongoc_cursor_next(cursor, row);
}

bool __wrap_mongoc_cursor_error(mongoc_cursor_t *cursor, bson_error_t *error)
{
	if (!is_broken(cursor))
		return __real_mongoc_cursor_error(cursor, error);
	say_lost(error);
	return true;
}

void __wrap_mongoc_cursor_destroy(mongoc_cursor_t *cursor)
{
	forget(cursor);
	__real_mongoc_cursor_destroy(cursor);
}

/* ---- streams ---- */

bool __wrap_mongoc_change_stream_next(mongoc_change_stream_t *stream, const bson_t **change)
{
	struct buggify buggify = buggify_begin("stream", READING);

	if (buggify.fault == BUGGIFY_FAIL)
		doom(stream, 0);
	if (breaks(stream))
		return false;
	bool any = __real_mongoc_change_stream_next(stream, change);
	buggify_end(&buggify);
	return any;
}

bool __wrap_mongoc_change_stream_error_document(const mongoc_change_stream_t *stream,
						bson_error_t *error, const bson_t **document)
{
	if (!is_broken(stream))
		return __real_mongoc_change_stream_error_document(stream, error, document);
	say_lost(error);
	if (document)
		*document = NULL;
	return true;
}

void __wrap_mongoc_change_stream_destroy(mongoc_change_stream_t *stream)
{
	forget(stream);
	__real_mongoc_change_stream_destroy(stream);
}

/* ---- bulks ---- */

uint32_t __wrap_mongoc_bulk_operation_execute(mongoc_bulk_operation_t *bulk, bson_t *reply,
					      bson_error_t *error)
{
	struct buggify buggify = buggify_begin("bulk", WRITING);
	uint32_t server = 0;

	bson_init(reply);
	if (buggify.fault != BUGGIFY_FAIL) {
		server = __real_mongoc_bulk_operation_execute(bulk, reply, error);
		buggify_end(&buggify);
	}
	if (buggify.fault == BUGGIFY_FAIL || (server && buggify.fault == BUGGIFY_UNKNOWN)) {
		bson_reinit(reply);
		say_lost(error);
		return 0;
	}
	return server;
}

bool __wrap_mongoc_collection_insert_many(mongoc_collection_t *collection, const bson_t **documents,
					  size_t count, const bson_t *options, bson_t *reply,
					  bson_error_t *error)
{
	struct buggify buggify = buggify_begin("insert many", WRITING);
	bool ok = false;

	bson_init(reply);
	if (buggify.fault != BUGGIFY_FAIL) {
		ok = __real_mongoc_collection_insert_many(collection, documents, count, options,
							  reply, error);
		buggify_end(&buggify);
	}
	if (buggify.fault == BUGGIFY_FAIL || (ok && buggify.fault == BUGGIFY_UNKNOWN)) {
		bson_reinit(reply);
		say_lost(error);
		return false;
	}
	return ok;
}
