#include "store/store_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/doc.h"
#include "store/gather.h"

#include <stdio.h>

enum { ELECTED_LATELY_MS = 10000, CONFIRM_MS = 3000 };

bool store_elected_lately(struct store *store)
{
	int64_t at = store->elected_at;

	return at && clock_steady() - at < ELECTED_LATELY_MS;
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

static enum err confirm(struct db *db)
{
	bson_t *command = BCON_NEW(TEXT("find", collection_name(META)), INT("limit", 1),
				   BOOL("singleBatch", true), INT("maxTimeMS", CONFIRM_MS));
	bson_t *options = BCON_NEW(SUB("readConcern", TEXT("level", "linearizable")));
	bson_error_t error;
	bool ok = mongoc_client_read_command_with_opts(db->client, db->store->database, command,
						       NULL, options, NULL, &error);

	bson_destroy(options);
	bson_destroy(command);
	return ok ? OK : store_failed(&error, "confirming");
}

/* One thread that wants it confirmed, and what came of it. */
struct confirming {
	struct db *db;
	enum err err;
};

static void confirm_all(void *context, void *const *members, size_t count)
{
	struct confirming *leader = context;
	enum err err = confirm(leader->db);

	for (size_t i = 0; i < count; i++)
		((struct confirming *)members[i])->err = err;
}

struct gather *confirms_new(void)
{
	/* it is the same for all, and asked for in bad times: one at a time is enough */
	enum { AWAY_MOST = 1, GROUP_MOST = 256 };

	return gather_new(AWAY_MOST, GROUP_MOST, GATHER_LATE_MS, confirm_all);
}

enum err db_confirm(struct db *db)
{
	struct confirming confirming = { .db = db };

	gather_join(db->store->confirms, &confirming, &confirming);
	return confirming.err;
}

/* A new primary has all that was acknowledged, but does not know yet that the majority has it, so a majority read there
 * would miss the latest of it. Waits for that, once for each primary. *primaries is which primary it was, by number. */
static enum err primary_confirmed(struct db *db, unsigned *primaries)
{
	struct store *store = db->store;

	*primaries = store->primaries;
	if (store->confirmed == *primaries)
		return OK;
	enum err err = db_confirm(db);
	/* where another was found meanwhile, it may be that one which was asked */
	if (err == OK)
		store->confirmed = *primaries;
	return err;
}

enum err db_read(struct db *db, struct arena *arena, const bson_t *command, const bson_t **reply)
{
	bson_t raw;
	bson_error_t error;
	unsigned asked;

	do {
		*reply = NULL;
		enum err err = primary_confirmed(db, &asked);
		if (err != OK)
			return err;
		bool ok = mongoc_client_read_command_with_opts(db->client, db->store->database,
							       command, NULL, NULL, &raw, &error);
		const bson_t *said = doc_steal(arena, &raw);
		if (!ok)
			return store_failed(&error, "reading");
		*reply = said;
		/* the driver may have asked a new primary the second time */
	} while (asked != db->store->primaries);
	return OK;
}

enum err db_write(struct db *db, struct arena *arena, const bson_t *command, const bson_t **reply)
{
	bson_t raw;
	bson_error_t error;
	struct write_error refused;
	bool ok = mongoc_client_write_command_with_opts(db->client, db->store->database, command,
							NULL, &raw, &error);
	const bson_t *said = *reply = doc_steal(arena, &raw);

	if (store_write_error(said, &refused)) {
		if (refused.code == MONGOC_ERROR_DUPLICATE_KEY)
			return OK;
		*reply = NULL;
		return store_refused(&refused, "writing");
	}
	if (ok)
		return OK;
	*reply = NULL;
	return store_failed_reply(said, &error, "writing");
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
	bson_t *command = DOC(arena, TEXT("find", collection_name(in)), PART("filter", filter),
			      INT("limit", 1), BOOL("singleBatch", true));
	if (fields)
		BSON_APPEND_DOCUMENT(command, "projection", fields);

	*found = NULL;
	enum err err = db_read(db, arena, command, &reply);
	if (err == OK)
		*found = store_first(arena, reply);
	return err;
}

mongoc_collection_t *store_collection(struct db *db, enum collection in)
{
	return mongoc_client_get_collection(db->client, db->store->database, collection_name(in));
}

static void batch_adapt(mongoc_cursor_t *cursor, uint64_t bytes, uint64_t count)
{
	uint64_t fitting = (uint64_t)REPLY_BYTES * count / bytes;

	mongoc_cursor_set_batch_size(cursor, fitting > 2 ? (uint32_t)fitting : 2);
}

enum err store_drain(struct db *db, mongoc_cursor_t *cursor, db_row row, void *context)
{
	const bson_t *doc;
	bson_error_t error;
	uint64_t bytes = 0, count = 0;
	unsigned asked;
	enum err err = primary_confirmed(db, &asked);

	while (err == OK && mongoc_cursor_next(cursor, &doc)) {
		batch_adapt(cursor, bytes += doc->len, ++count);
		if (!row(context, doc))
			break;
	}
	if (err == OK && mongoc_cursor_error(cursor, &error))
		err = store_failed(&error, "reading a list");
	mongoc_cursor_destroy(cursor);
	return err;
}

enum err db_aggregate(struct db *db, enum collection in, const bson_t *pipeline,
		      const bson_t *options, db_row row, void *context)
{
	mongoc_collection_t *collection = store_collection(db, in);
	mongoc_cursor_t *cursor =
		mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE, pipeline, options, NULL);
	enum err err = store_drain(db, cursor, row, context);

	mongoc_collection_destroy(collection);
	return err;
}

enum err db_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		  int64_t limit, int64_t *count)
{
	const bson_t *reply;
	bson_t *command = DOC(arena, TEXT("count", collection_name(in)), PART("query", filter));
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
			DOC(arena, TEXT("delete", collection_name(in)),
			    LIST("deletes", ITEM(PART("q", filter), INT("limit", one ? 1 : 0)))),
			&reply);
}

enum err db_update_many(struct db *db, struct arena *arena, enum collection in,
			const bson_t *filter, const bson_t *change, int64_t *modified)
{
	const bson_t *reply;
	enum err err = db_write(db, arena,
				DOC(arena, TEXT("update", collection_name(in)),
				    LIST("updates", ITEM(PART("q", filter), PART("u", change),
							 BOOL("multi", true)))),
				&reply);

	if (modified)
		*modified = err == OK ? doc_whole(reply, "nModified", 0) : 0;
	return err;
}

static bool has_some(const bson_t *reply, const char *list)
{
	bson_t part;

	return doc_part(reply, list, &part) && bson_count_keys(&part) > 0;
}

enum err db_insert_many(struct db *db, struct arena *arena, enum collection in,
			const bson_t *const *docs, size_t count)
{
	mongoc_collection_t *collection = store_collection(db, in);
	bson_t *options = DOC(arena, BOOL("ordered", false)), reply;
	bson_error_t error;
	enum err err = OK;

	if (count && !mongoc_collection_insert_many(collection, (const bson_t **)docs, count,
						    options, &reply, &error)) {
		err = error.code == MONGOC_ERROR_DUPLICATE_KEY &&
				      !has_some(&reply, "writeConcernErrors") ?
			      OK :
			      store_failed_reply(&reply, &error, "adding documents");
	}
	if (count)
		bson_destroy(&reply);
	mongoc_collection_destroy(collection);
	return err;
}

/* Of the write errors of a bulk, taken keys are counted; the first other one is told. A bulk that was cut off, or not
 * confirmed, may tell of errors before that, too. */
static enum err bulk_errors(const bson_t *reply, const bson_error_t *error, int64_t *taken)
{
	bson_iter_t at;
	struct write_error one;
	enum err err = OK;

	if (error->domain == MONGOC_ERROR_STREAM || has_some(reply, "writeConcernErrors") ||
	    !has_some(reply, "writeErrors") || !write_errors_begin(&at, reply))
		return store_failed_reply(reply, error, "changing documents");
	while (write_errors_next(&at, &one)) {
		if (one.code == MONGOC_ERROR_DUPLICATE_KEY)
			++*taken;
		else if (err == OK)
			err = store_refused(&one, "changing documents");
	}
	return err;
}

enum err db_update_bulk(struct db *db, struct arena *arena, enum collection in,
			const struct db_update *updates, size_t count, int64_t *matched,
			int64_t *taken)
{
	mongoc_collection_t *collection = store_collection(db, in);
	bson_t *options = DOC(arena, BOOL("ordered", false)), raw;
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
	return ok ? OK : bulk_errors(reply, &error, taken);
}
