/* What the files of this folder share and nobody else needs. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store/store.h"

#include <mongoc/mongoc.h>
#include <pthread.h>

#define COMMIT_LINES 16

struct gather;
struct presence;
struct refresher;
struct total;

struct store {
	mongoc_client_pool_t *pool;
	char *database;
	struct gather
		*commit_lines[COMMIT_LINES]; /* where transactions gather; see commit_group.c */
	struct refresher *refresher; /* of totals; see total.c */
	struct releases *releases; /* keys that could not be given back yet */
	struct presence *presence; /* NULL in a process that is not seen by others */
	/* Steady milliseconds: when the primary was lost or found again; 0: never. */
	_Atomic int64_t elected_at;
	/* How many primaries were found so far, and which of them, by that number, last confirmed what it began
	 * with. */
	_Atomic unsigned primaries, confirmed;
	struct id election; /* of the last of them; the driver's callback alone uses it */
};

struct db {
	struct store *store;
	mongoc_client_t *client;
	mongoc_client_session_t *session; /* for transactions; made when first needed */
	unsigned session_place; /* where presence.h notes it; 0: none yet */
};

/* Logs what the driver said and tells which error it is to a caller: ERR_UNAVAILABLE for what passes, as an election or
 * a write that was not confirmed in time, else ERR_INTERNAL. With a reply, its error labels count, too. */
enum err store_failed(const bson_error_t *error, const char *doing);
enum err store_failed_reply(const bson_t *reply, const bson_error_t *error, const char *doing);

/* Was the maxTimeMS of a command over? That is not logged: it is what the caller asked for. */
bool store_out_of_time(const bson_error_t *error);

/* What a reply says of a write where the driver saw no error: the first of its write errors. */
struct write_error {
	uint32_t code;
	size_t index; /* of the document or change in the command */
	const char *message; /* lives as long as the reply; may be NULL */
};

/* False when there is none. */
bool store_write_error(const bson_t *reply, struct write_error *error);
/* As store_failed(). */
enum err store_refused(const struct write_error *error, const char *doing);

/* Was there an election, or no primary, just now? Then keys of calls that it cut off are being given back. */
bool store_elected_lately(struct store *store);

void commit_lines_open(struct store *store);
void commit_lines_close(struct store *store);

/* The session for the next transaction, made when first needed; false and a logged reason when it cannot be. */
bool session_ready(struct db *db);
/* For a transaction that nobody will commit any more: has the server end what may still be open there. Else it would
 * lock its documents, the claim of the call among them, until its time is over. Whether it happened is certain
 * afterwards. */
void session_end(struct db *db);
/* The same for all that a process of this host, which has died, left open. */
void sessions_end_of(struct db *db, const struct id *process);
/* Ends the session, after the last try of a transaction. Before that, each try ends what the one before left open on
 * the server by running in the same session. */
void session_drop(struct db *db);

/* The driver's handle of a collection; the caller's to destroy. */
mongoc_collection_t *store_collection(struct db *db, enum collection in);

/* A client of the same server whose answers may take max_ms (0: an hour); the caller's to destroy. NULL: none can be
 * made. */
mongoc_client_t *store_client_with_time(const mongoc_client_t *like, int64_t max_ms);

/* Computes a total, unless the server needs longer than max_ms for it (*late, OK). */
enum err total_compute(mongoc_client_t *client, const char *database, struct arena *arena,
		       const struct total *total, int64_t max_ms, int64_t *value, bool *late);
/* Are there few records, at most exact_max? Then *value is exact; else there are at least so many. */
enum err total_few(struct db *db, struct arena *arena, const struct total *total, int64_t exact_max,
		   int64_t *value, bool *few);

/* The first document of a find's reply, living as long as the reply; NULL when there is none. */
const bson_t *store_first(struct arena *arena, const bson_t *reply);

#endif
