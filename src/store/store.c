#include "store/store_private.h"

#include "base/count.h"
#include "base/log.h"
#include "store/doc.h"

#include <stdio.h>

static const char *const collection_names[COLLECTION_COUNT] = {
	[USERS] = "users",
	[TASKS] = "tasks",
	[SUBMISSIONS] = "submissions",
	[WITHDRAWALS] = "withdrawals",
	[PAYMENTS] = "payments",
	[NOTIFICATIONS] = "notifications",
	[LEDGER] = "ledger",
	[IDEMPOTENCY] = "idempotency",
	[THROTTLE] = "throttle",
	[TICKETS] = "tickets",
	[META] = "meta",
};

const char *collection_name(enum collection collection)
{
	return collection_names[collection];
}

/* The driver's defaults wait half a minute to five minutes: far beyond nginx's patience. What the operator
 * put into the address wins. */
static void set_default(mongoc_uri_t *uri, const char *option, int32_t value)
{
	if (!mongoc_uri_has_option(uri, option))
		mongoc_uri_set_option_as_int32(uri, option, value);
}

static mongoc_uri_t *uri_read(const struct store_options *options, char problem[256])
{
	bson_error_t error;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(options->uri, &error);

	if (!uri || !mongoc_uri_get_database(uri)) {
		snprintf(problem, 256, "MONGODB_URI cannot be used: %.180s.",
			 uri ? "it names no database" : error.message);
		if (uri)
			mongoc_uri_destroy(uri);
		return NULL;
	}
	set_default(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 2500);
	set_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, 2000);
	set_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, options->answer_ms);
	set_default(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, 2000);
	set_default(uri, MONGOC_URI_MAXPOOLSIZE, options->threads + 2);
	if (!mongoc_uri_has_option(uri, MONGOC_URI_W))
		mongoc_uri_set_option_as_utf8(uri, MONGOC_URI_W, "majority");
	mongoc_uri_set_option_as_utf8(uri, MONGOC_URI_APPNAME, "microtask");
	return uri;
}

/* The driver writes warnings of its own; ours tell the same with the request. */
static void driver_log(mongoc_log_level_t level, const char *domain, const char *message,
		       void *context)
{
	(void)context;
	if (level <= MONGOC_LOG_LEVEL_ERROR)
		log_line(LOG_WARN, NULL, "%s: %s", domain, message);
}

struct store *store_open(const struct store_options *options, char problem[256])
{
	mongoc_init();
	mongoc_log_set_handler(driver_log, NULL);

	mongoc_uri_t *uri = uri_read(options, problem);
	if (!uri)
		return NULL;
	struct store *store = bson_malloc0(sizeof *store);
	store->pool = mongoc_client_pool_new(uri);
	mongoc_client_pool_set_error_api(store->pool, MONGOC_ERROR_API_VERSION_2);
	store->database = bson_strdup(mongoc_uri_get_database(uri));
	for (size_t i = 0; i < STORE_QUEUES; i++)
		pthread_mutex_init(&store->queues[i], NULL);
	pthread_mutex_init(&store->counts_lock, NULL);
	mongoc_uri_destroy(uri);
	return store;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	mongoc_client_pool_destroy(store->pool);
	bson_free(store->database);
	for (size_t i = 0; i < STORE_QUEUES; i++)
		pthread_mutex_destroy(&store->queues[i]);
	pthread_mutex_destroy(&store->counts_lock);
	bson_free(store);
	mongoc_cleanup();
}

struct db *db_open(struct store *store)
{
	mongoc_client_t *client = mongoc_client_pool_pop(store->pool);

	if (!client) {
		log_line(LOG_ERROR, NULL, "no MongoDB connection could be taken from the pool");
		return NULL;
	}
	struct db *db = bson_malloc0(sizeof *db);
	db->store = store;
	db->client = client;
	return db;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	if (db->session)
		mongoc_client_session_destroy(db->session);
	mongoc_client_pool_push(db->store->pool, db->client);
	bson_free(db);
}

/* Server codes that tell of a server which is stopping, electing or overrun, not of a bad command. */
static bool passing_code(uint32_t code)
{
	static const uint32_t codes[] = { 6,	 7,	50,    89,    91,   112,   134,
					  189,	 202,	246,   262,   9001, 10058, 10107,
					  11600, 11602, 13388, 13435, 13436 };

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

enum err store_failed(const bson_error_t *error, const char *doing)
{
	bool passing = error->domain == MONGOC_ERROR_SERVER_SELECTION ||
		       error->domain == MONGOC_ERROR_STREAM ||
		       error->domain == MONGOC_ERROR_CLIENT ||
		       (error->domain == MONGOC_ERROR_SERVER && passing_code(error->code));

	log_line(passing ? LOG_WARN : LOG_ERROR, NULL, "MongoDB, %s: %s (%u)", doing,
		 error->message, error->code);
	return passing ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

enum err db_check_server(struct db *db, char problem[256])
{
	bson_t hello = BSON_INITIALIZER, reply;
	bson_error_t error;
	enum err err = OK;

	BSON_APPEND_INT32(&hello, "hello", 1);
	if (!mongoc_client_command_simple(db->client, "admin", &hello, NULL, &reply, &error)) {
		snprintf(problem, 256, "MongoDB cannot be reached: %.180s", error.message);
		err = ERR_UNAVAILABLE;
	} else if (!bson_has_field(&reply, "setName") && !doc_text_is(&reply, "msg", "isdbgrid")) {
		snprintf(
			problem, 256,
			"MongoDB runs as a standalone server, and transactions need a replica set: start mongod with "
			"--replSet rs0 and run rs.initiate() once.");
		err = ERR_NOT_CONFIGURED;
	}
	bson_destroy(&reply);
	bson_destroy(&hello);
	return err;
}

enum err db_read(struct db *db, struct arena *arena, const bson_t *command, const bson_t **reply)
{
	bson_t raw;
	bson_error_t error;
	bool ok = mongoc_client_read_command_with_opts(db->client, db->store->database, command,
						       NULL, NULL, &raw, &error);

	*reply = doc_steal(arena, &raw);
	if (ok)
		return OK;
	*reply = NULL;
	return store_failed(&error, "reading");
}

enum err db_write(struct db *db, struct arena *arena, const bson_t *command, const bson_t **reply)
{
	bson_t raw;
	bson_error_t error;
	bool ok = mongoc_client_write_command_with_opts(db->client, db->store->database, command,
							NULL, &raw, &error);
	bson_iter_t at;

	*reply = doc_steal(arena, &raw);
	if (ok || bson_iter_init_find(&at, *reply, "writeErrors"))
		return OK;
	*reply = NULL;
	return store_failed(&error, "writing");
}

const bson_t *store_first(struct arena *arena, const bson_t *reply)
{
	bson_t cursor, batch, *first = arena_alloc(arena, sizeof *first);

	return doc_part(reply, "cursor", &cursor) && doc_part(&cursor, "firstBatch", &batch) &&
			       doc_part(&batch, "0", first) ?
		       first :
		       NULL;
}

enum err db_find_one(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		     const bson_t *fields, const bson_t **found)
{
	const bson_t *reply;
	bson_t *command =
		DOC(arena, "find", BCON_UTF8(collection_name(in)), "filter", BCON_DOCUMENT(filter),
		    "limit", BCON_INT32(1), "singleBatch", BCON_BOOL(true));
	if (fields)
		BSON_APPEND_DOCUMENT(command, "projection", fields);

	*found = NULL;
	enum err err = db_read(db, arena, command, &reply);
	if (err == OK)
		*found = store_first(arena, reply);
	return err;
}

enum err db_find_id(struct db *db, struct arena *arena, enum collection in, const struct id *id,
		    const bson_t **found)
{
	return db_find_one(db, arena, in, DOC(arena, "_id", BCON_ID(id)), NULL, found);
}

mongoc_collection_t *store_collection(struct db *db, enum collection in)
{
	return mongoc_client_get_collection(db->client, db->store->database, collection_name(in));
}

static enum err cursor_drain(mongoc_cursor_t *cursor, db_row row, void *context)
{
	const bson_t *doc;
	bson_error_t error;
	enum err err = OK;

	while (mongoc_cursor_next(cursor, &doc))
		if (!row(context, doc))
			break;
	if (mongoc_cursor_error(cursor, &error))
		err = store_failed(&error, "reading a list");
	mongoc_cursor_destroy(cursor);
	return err;
}

enum err db_each(struct db *db, enum collection in, const bson_t *filter, const bson_t *options,
		 db_row row, void *context)
{
	mongoc_collection_t *collection = store_collection(db, in);
	mongoc_cursor_t *cursor =
		mongoc_collection_find_with_opts(collection, filter, options, NULL);
	enum err err = cursor_drain(cursor, row, context);

	mongoc_collection_destroy(collection);
	return err;
}

enum err db_aggregate(struct db *db, enum collection in, const bson_t *pipeline,
		      const bson_t *options, db_row row, void *context)
{
	mongoc_collection_t *collection = store_collection(db, in);
	mongoc_cursor_t *cursor =
		mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE, pipeline, options, NULL);
	enum err err = cursor_drain(cursor, row, context);

	mongoc_collection_destroy(collection);
	return err;
}

enum err db_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		  int64_t limit, int64_t *count)
{
	const bson_t *reply;
	bson_t *command =
		DOC(arena, "count", BCON_UTF8(collection_name(in)), "query", BCON_DOCUMENT(filter));
	if (limit > 0)
		BSON_APPEND_INT64(command, "limit", limit);

	*count = 0;
	enum err err = db_read(db, arena, command, &reply);
	if (err == OK)
		*count = doc_whole(reply, "n", 0);
	return err;
}

enum err db_remove(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		   bool one)
{
	const bson_t *reply;

	return db_write(db, arena,
			DOC(arena, "delete", BCON_UTF8(collection_name(in)), "deletes", "[", "{",
			    "q", BCON_DOCUMENT(filter), "limit", BCON_INT32(one ? 1 : 0), "}", "]"),
			&reply);
}

enum err db_update_many(struct db *db, struct arena *arena, enum collection in,
			const bson_t *filter, const bson_t *change, int64_t *modified)
{
	const bson_t *reply;
	enum err err = db_write(db, arena,
				DOC(arena, "update", BCON_UTF8(collection_name(in)), "updates", "[",
				    "{", "q", BCON_DOCUMENT(filter), "u", BCON_DOCUMENT(change),
				    "multi", BCON_BOOL(true), "}", "]"),
				&reply);

	if (modified)
		*modified = err == OK ? doc_whole(reply, "nModified", 0) : 0;
	if (err != OK || !bson_has_field(reply, "writeErrors"))
		return err;
	log_line(LOG_ERROR, NULL, "MongoDB turned down a change of %s", collection_name(in));
	return ERR_INTERNAL;
}

enum err db_insert_many(struct db *db, struct arena *arena, enum collection in,
			const bson_t *const *docs, size_t count)
{
	mongoc_collection_t *collection = store_collection(db, in);
	bson_t *options = DOC(arena, "ordered", BCON_BOOL(false)), reply;
	bson_error_t error;
	enum err err = OK;

	if (count && !mongoc_collection_insert_many(collection, (const bson_t **)docs, count,
						    options, &reply, &error)) {
		err = error.code == MONGOC_ERROR_DUPLICATE_KEY ?
			      OK :
			      store_failed(&error, "adding documents");
	}
	if (count)
		bson_destroy(&reply);
	mongoc_collection_destroy(collection);
	return err;
}

static bool has_write_errors(const bson_t *reply)
{
	bson_iter_t at, first;

	return bson_iter_init(&at, reply) &&
	       bson_iter_find_descendant(&at, "writeErrors.0", &first);
}

/* Of the write errors of a bulk, taken keys are counted; the first other one is logged. */
static enum err bulk_errors(const bson_t *reply, int64_t *taken)
{
	bson_iter_t at;
	bson_t errors, error;
	enum err err = OK;

	if (!doc_part(reply, "writeErrors", &errors) || !bson_iter_init(&at, &errors))
		return OK;
	while (bson_iter_next(&at)) {
		if (!doc_part(&errors, bson_iter_key(&at), &error))
			continue;
		if (doc_whole(&error, "code", 0) == MONGOC_ERROR_DUPLICATE_KEY) {
			++*taken;
			continue;
		}
		if (err == OK)
			log_line(LOG_ERROR, NULL, "MongoDB turned a write down: %s",
				 doc_text(&error, "errmsg"));
		err = ERR_INTERNAL;
	}
	return err;
}

enum err db_update_bulk(struct db *db, struct arena *arena, enum collection in,
			const struct db_update *updates, size_t count, int64_t *matched,
			int64_t *taken)
{
	mongoc_collection_t *collection = store_collection(db, in);
	bson_t *options = DOC(arena, "ordered", BCON_BOOL(false)), raw;
	mongoc_bulk_operation_t *bulk =
		mongoc_collection_create_bulk_operation_with_opts(collection, options);
	bson_error_t error = { 0 };
	bool ok = true;

	*matched = *taken = 0;
	for (size_t i = 0; i < count && ok; i++)
		ok = mongoc_bulk_operation_update_one_with_opts(bulk, updates[i].filter,
								updates[i].change, NULL, &error);
	if (ok && count)
		ok = mongoc_bulk_operation_execute(bulk, &raw, &error) != 0;
	else
		bson_init(&raw);
	const bson_t *reply = doc_steal(arena, &raw);
	mongoc_bulk_operation_destroy(bulk);
	mongoc_collection_destroy(collection);
	*matched = doc_whole(reply, "nMatched", 0);
	if (ok)
		return OK;
	/* a bulk that was cut off may tell of errors before that, too */
	return error.domain != MONGOC_ERROR_STREAM && has_write_errors(reply) ?
		       bulk_errors(reply, taken) :
		       store_failed(&error, "changing documents");
}
