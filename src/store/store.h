/*
 * MongoDB: a thread's connection, and its commands. connect.h has the pool of a process.
 *
 * libmongoc stays in this folder. What goes wrong below is logged here and becomes ERR_UNAVAILABLE (the database
 * cannot be reached or did not answer in time) or ERR_INTERNAL (it refused what we sent).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "store/collections.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

/* A process's pool; shared by its threads. */
struct store;

/* A thread's connection: used by one thread at a time. */
struct db;

/* NULL and a logged reason when no connection can be had. */
struct db *db_open(struct store *store);
void db_close(struct db *db);

/* Looks at the server: ERR_UNAVAILABLE when it cannot be reached, ERR_NOT_CONFIGURED and a sentence in
 * problem when it is not a replica set (or mongos). */
enum err db_check_server(struct db *db, char problem[256]);

/* Runs a command; *reply lives in the arena and is NULL on error. Reads are retried once by the driver. They see only
 * what the majority has, and all that was ever acknowledged. */
enum err db_read(struct db *db, struct arena *arena, const bson_t *command, const bson_t **reply);
/* The same with retryable writes, confirmed by the majority. A taken key is not an error here: the reply tells how many
 * documents were written. After ERR_UNAVAILABLE it may have happened all the same. */
enum err db_write(struct db *db, struct arena *arena, const bson_t *command, const bson_t **reply);

/* Waits until the majority has everything that the primary had when this was called, and until it is certain that it
 * still was the primary. After that nothing which a guard met there can be rolled back. ERR_UNAVAILABLE when it takes
 * too long. */
enum err db_confirm(struct db *db);

/* A document that matches, or NULL. fields is a projection; it may be NULL. */
enum err db_find_one(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		     const bson_t *fields, const bson_t **found);
/* The same for one record by its id; threads that look for some at the same moment share a command (lookup.h). */
enum err db_find_id(struct db *db, struct arena *arena, enum collection in, const struct id *id,
		    const bson_t **found);

/* Called for each document; a false answer ends the reading. */
typedef bool (*db_row)(void *context, const bson_t *doc);

/* Every document that matches. options: sort, limit, projection, hint …; may be NULL. Where a limit is as small as what
 * fits into one reply, it is one command; for records that a projection makes small, batchSize tells that. */
enum err db_each(struct db *db, enum collection in, const bson_t *filter, const bson_t *options,
		 db_row row, void *context);

/* Every document of an aggregation; pipeline is an array document. maxTimeMS and the like in options. */
enum err db_aggregate(struct db *db, enum collection in, const bson_t *pipeline,
		      const bson_t *options, db_row row, void *context);

/* Documents that match, counted no further than limit (0: all). */
enum err db_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		  int64_t limit, int64_t *count);

/* Changes all documents that match, each by itself: what was done before an error stays done. So it is for changes that
 * may be repeated. *modified is how many documents became different; it may be NULL. ERR_INTERNAL when a validator
 * refuses. */
enum err db_update_many(struct db *db, struct arena *arena, enum collection in,
			const bson_t *filter, const bson_t *change, int64_t *modified);

/* Removes the documents that match; with `one`, at most one of them. */
enum err db_remove(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		   bool one);

/* Adds documents in bulk, in any order; those whose key is taken are skipped. */
enum err db_insert_many(struct db *db, struct arena *arena, enum collection in,
			const bson_t *const *docs, size_t count);

/* A change of at most one document. */
struct db_update {
	const bson_t *filter, *change;
};

/* Such changes in bulk, in any order; each happens or not, independently. *matched is how many filters found their
 * document, *taken how many changes were skipped because a unique key was taken. No transaction keeps them together: for
 * work that whoever is cut off begins again, such as a removal. */
enum err db_update_bulk(struct db *db, struct arena *arena, enum collection in,
			const struct db_update *updates, size_t count, int64_t *matched,
			int64_t *taken);

#endif
