/*
 * The session of a connection, for its transactions: one after the other.
 */
#include "store/store_private.h"

#include "store/doc.h"
#include "store/presence.h"

/* A thread has one. */
enum { SESSIONS_MOST = 1024 };

/* What every transaction says. Its commit waits for the majority as every write does, by the client's write concern. */
static void transactions_set(mongoc_session_opt_t *options, const mongoc_client_t *client)
{
	mongoc_transaction_opt_t *transactions = mongoc_transaction_opts_new();
	mongoc_read_concern_t *snapshot = mongoc_read_concern_new();

	mongoc_read_concern_set_level(snapshot, MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
	mongoc_transaction_opts_set_read_concern(transactions, snapshot);
	mongoc_transaction_opts_set_write_concern(transactions,
						  mongoc_client_get_write_concern(client));
	mongoc_transaction_opts_set_read_prefs(transactions, mongoc_client_get_read_prefs(client));
	mongoc_session_opts_set_default_transaction_opts(options, transactions);
	mongoc_read_concern_destroy(snapshot);
	mongoc_transaction_opts_destroy(transactions);
}

/* For others to end, should this process not live to do so. */
static void session_note(struct db *db)
{
	uint32_t length;
	const uint8_t *session =
		doc_bytes(mongoc_client_session_get_lsid(db->session), "id", &length);

	if (db->store->presence && length == PRESENCE_SESSION_SIZE)
		presence_note_session(db->store->presence, &db->session_place, session);
}

bool session_ready(struct db *db)
{
	bson_error_t error;

	if (db->session)
		return true;
	mongoc_session_opt_t *options = mongoc_session_opts_new();
	/* every read of a transaction goes to the primary: causal consistency would only cost */
	mongoc_session_opts_set_causal_consistency(options, false);
	transactions_set(options, db->client);
	db->session = mongoc_client_start_session(db->client, options, &error);
	mongoc_session_opts_destroy(options);
	if (!db->session)
		store_failed(&error, "starting a session");
	else
		session_note(db);
	return db->session != NULL;
}

static void sessions_kill(struct db *db, const bson_t *sessions)
{
	bson_t *command = BCON_NEW(ARRAY("killSessions", sessions));
	bson_error_t error;

	if (!mongoc_client_command_simple(db->client, "admin", command, NULL, NULL, &error))
		store_failed(&error, "ending a session");
	bson_destroy(command);
}

void session_end(struct db *db)
{
	bson_t *sessions = BCON_NEW(PART("0", mongoc_client_session_get_lsid(db->session)));

	sessions_kill(db, sessions);
	bson_destroy(sessions);
}

void sessions_end_of(struct db *db, const struct id *process)
{
	uint8_t noted[SESSIONS_MOST][PRESENCE_SESSION_SIZE];
	size_t count = presence_sessions(db->store->presence, process, noted, SESSIONS_MOST);
	struct arena *arena = arena_new();
	struct doc_array sessions = doc_array_new(arena);

	for (size_t i = 0; i < count; i++)
		doc_array_doc(&sessions, DOC(arena, PAIR("id", BCON_BIN(BSON_SUBTYPE_UUID, noted[i],
									PRESENCE_SESSION_SIZE))));
	if (count)
		sessions_kill(db, sessions.doc);
	arena_free(arena);
}

void session_drop(struct db *db)
{
	if (db->session)
		mongoc_client_session_destroy(db->session);
	db->session = NULL;
}
