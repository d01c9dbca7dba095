#include "store/snapshot.h"

#include "base/clock.h"
#include "store/doc.h"
#include "store/store_private.h"

enum { BATCH = 5000, ANSWER_MS_MOST = 60 * 60 * 1000, ANSWER_MS_SPARE = 1000 };

struct snapshot {
	struct arena *arena;
	const char *database;
	mongoc_client_t *client;
	mongoc_client_session_t *session;
	int64_t deadline; /* steady milliseconds; INT64_MAX: none */
	enum err err;
	bool late;
};

struct snapshot_rows {
	struct snapshot *snapshot;
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor; /* NULL when it could not be made */
};

static void snapshot_close(void *object)
{
	struct snapshot *snapshot = object;

	if (snapshot->session)
		mongoc_client_session_destroy(snapshot->session);
	if (snapshot->client)
		mongoc_client_destroy(snapshot->client);
}

/* The driver takes the time of an answer from the address alone, so this needs a client of its own. */
mongoc_client_t *store_client_with_time(const mongoc_client_t *like, int64_t max_ms)
{
	mongoc_uri_t *uri = mongoc_uri_copy(mongoc_client_get_uri(like));
	int64_t answer_ms =
		max_ms > 0 && max_ms < ANSWER_MS_MOST ? max_ms + ANSWER_MS_SPARE : ANSWER_MS_MOST;

	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, (int32_t)answer_ms);
	mongoc_client_t *client = mongoc_client_new_from_uri(uri);
	mongoc_uri_destroy(uri);
	if (client)
		mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
	return client;
}

/* If the client has a read concern, the driver does not send the moment of the snapshot, and each read would see
 * another. */
static void level_clear(mongoc_client_t *client)
{
	mongoc_read_concern_t *none = mongoc_read_concern_new();

	mongoc_client_set_read_concern(client, none);
	mongoc_read_concern_destroy(none);
}

static void session_start(struct snapshot *snapshot)
{
	mongoc_session_opt_t *options = mongoc_session_opts_new();
	bson_error_t error;

	level_clear(snapshot->client);
	mongoc_session_opts_set_causal_consistency(options, false);
	mongoc_session_opts_set_snapshot(options, true);
	snapshot->session = mongoc_client_start_session(snapshot->client, options, &error);
	mongoc_session_opts_destroy(options);
	if (!snapshot->session)
		snapshot->err = store_failed(&error, "starting a snapshot");
}

struct snapshot *snapshot_open(struct db *db, struct arena *arena, int64_t max_ms)
{
	struct snapshot *snapshot = arena_alloc(arena, sizeof *snapshot);

	snapshot->arena = arena;
	snapshot->database = db->store->database;
	snapshot->deadline = max_ms > 0 ? clock_steady() + max_ms : INT64_MAX;
	snapshot->client = store_client_with_time(db->client, max_ms);
	arena_defer(arena, snapshot_close, snapshot);
	if (snapshot->client)
		session_start(snapshot);
	else
		snapshot->err = ERR_UNAVAILABLE;
	return snapshot;
}

static void rows_close(void *object)
{
	struct snapshot_rows *rows = object;

	if (rows->cursor)
		mongoc_cursor_destroy(rows->cursor);
	if (rows->collection)
		mongoc_collection_destroy(rows->collection);
}

static bool in_time(struct snapshot *snapshot)
{
	if (snapshot->err == OK && clock_steady() >= snapshot->deadline) {
		snapshot->late = true;
		snapshot->err = ERR_UNAVAILABLE;
	}
	return snapshot->err == OK;
}

/* The session's members, for the server the time that is left, and for us batches of a modest size. */
static bool options_add(struct snapshot *snapshot, bson_t *options)
{
	bson_error_t error;

	if (!in_time(snapshot))
		return false;
	BSON_APPEND_INT32(options, "batchSize", BATCH);
	if (snapshot->deadline != INT64_MAX)
		BSON_APPEND_INT64(options, "maxTimeMS", snapshot->deadline - clock_steady() + 1);
	if (!mongoc_client_session_append(snapshot->session, options, &error))
		snapshot->err = store_failed(&error, "reading a snapshot");
	return snapshot->err == OK;
}

static struct snapshot_rows *rows_new(struct snapshot *snapshot, enum collection in)
{
	struct snapshot_rows *rows = arena_alloc(snapshot->arena, sizeof *rows);

	rows->snapshot = snapshot;
	if (snapshot->client)
		rows->collection = mongoc_client_get_collection(
			snapshot->client, snapshot->database, collection_name(in));
	arena_defer(snapshot->arena, rows_close, rows);
	return rows;
}

struct snapshot_rows *snapshot_find(struct snapshot *snapshot, enum collection in,
				    const bson_t *filter, const bson_t *options)
{
	struct snapshot_rows *rows = rows_new(snapshot, in);
	bson_t *all = doc_copy(snapshot->arena, options);

	if (options_add(snapshot, all))
		rows->cursor =
			mongoc_collection_find_with_opts(rows->collection, filter, all, NULL);
	return rows;
}

struct snapshot_rows *snapshot_aggregate(struct snapshot *snapshot, enum collection in,
					 const bson_t *pipeline)
{
	struct snapshot_rows *rows = rows_new(snapshot, in);
	bson_t *all = DOC(snapshot->arena, BOOL("allowDiskUse", true));

	if (options_add(snapshot, all))
		rows->cursor = mongoc_collection_aggregate(rows->collection, MONGOC_QUERY_NONE,
							   pipeline, all, NULL);
	return rows;
}

static void rows_failed(struct snapshot *snapshot, const bson_error_t *error)
{
	snapshot->late = store_out_of_time(error);
	snapshot->err =
		snapshot->late ? ERR_UNAVAILABLE : store_failed(error, "reading a snapshot");
}

const bson_t *snapshot_next(struct snapshot_rows *rows)
{
	const bson_t *row;
	bson_error_t error;

	if (!in_time(rows->snapshot) || !rows->cursor)
		return NULL;
	if (mongoc_cursor_next(rows->cursor, &row))
		return row;
	if (mongoc_cursor_error(rows->cursor, &error))
		rows_failed(rows->snapshot, &error);
	return NULL;
}

enum err snapshot_error(const struct snapshot *snapshot)
{
	return snapshot->err;
}

bool snapshot_late(const struct snapshot *snapshot)
{
	return snapshot->late;
}
