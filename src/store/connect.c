#include "store/connect.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/address.h"
#include "store/claim_held.h"
#include "store/doc.h"
#include "store/presence.h"
#include "store/refresher.h"
#include "store/releases.h"
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

/* ---- what the driver tells ---- */

/* The driver writes warnings of its own; ours tell the same with the request. */
static void driver_log(mongoc_log_level_t level, const char *domain, const char *message,
		       void *context)
{
	(void)context;
	if (level <= MONGOC_LOG_LEVEL_ERROR)
		log_line(LOG_WARN, NULL, "%s: %s", domain, message);
}

static bool has_primary(const mongoc_topology_description_t *set)
{
	return mongoc_topology_description_has_writable_server(
		(mongoc_topology_description_t *)(uintptr_t)set);
}

/* Which election made the primary of a set, as each has an id of its own. False: there is no primary. */
static bool election_of(const mongoc_topology_description_t *set, struct id *election)
{
	size_t count;
	bool found = false;
	mongoc_server_description_t **servers =
		mongoc_topology_description_get_servers(set, &count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(mongoc_server_description_type(servers[i]), "RSPrimary"))
			found = doc_id(mongoc_server_description_hello_response(servers[i]),
				       "electionId", election);
	mongoc_server_descriptions_destroy_all(servers, count);
	return found;
}

/* Called by the driver, one at a time, before anybody can use what has changed. A primary that is found for the first
 * time was not lost before; one that was lost from sight and is found again, as after a failed write, is the same. */
static void topology_changed(const mongoc_apm_topology_changed_t *event)
{
	struct store *store = mongoc_apm_topology_changed_get_context(event);
	const mongoc_topology_description_t
		*before = mongoc_apm_topology_changed_get_previous_description(event),
		*after = mongoc_apm_topology_changed_get_new_description(event);
	bool had = has_primary(before), has = has_primary(after);
	struct id election;

	if (election_of(after, &election) && !id_equal(&election, &store->election)) {
		store->election = election;
		store->primaries++;
	}
	if (had != has && (had || store->elected_at))
		store->elected_at = clock_steady();
}

/* Called by the monitors, too, every ten seconds and when anything changes. The primary's clock is the one by which
 * leases, deadlines and windows are reckoned, as hosts may disagree about the time. */
static void heartbeat_heard(const mongoc_apm_server_heartbeat_succeeded_t *event)
{
	const bson_t *hello = mongoc_apm_server_heartbeat_succeeded_get_reply(event);
	int64_t when = doc_date(hello, "localTime", 0);

	if (when &&
	    (doc_bool(hello, "isWritablePrimary", false) || doc_bool(hello, "ismaster", false)))
		clock_heard(when);
}

static void topology_watch(struct store *store)
{
	mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();

	mongoc_apm_set_topology_changed_cb(callbacks, topology_changed);
	mongoc_apm_set_server_heartbeat_succeeded_cb(callbacks, heartbeat_heard);
	mongoc_client_pool_set_apm_callbacks(store->pool, callbacks, store);
	mongoc_apm_callbacks_destroy(callbacks);
}

/* ---- opening and closing ---- */

struct store *store_open(const struct store_options *options, char problem[256])
{
	if (collections_check(collection_rows, problem))
		return NULL;
	mongoc_init();
	mongoc_log_set_handler(driver_log, NULL);

	struct presence *presence = options->run_dir ? presence_new(options->run_dir) : NULL;
	if (options->run_dir && !presence) {
		snprintf(problem, 256, "MICROTASK_RUN_DIR cannot be used; see the log.");
		return NULL;
	}
	mongoc_uri_t *uri = address_read(options, problem);
	if (!uri) {
		presence_free(presence);
		return NULL;
	}
	struct store *store = bson_malloc0(sizeof *store);
	store->presence = presence;
	store->pool = mongoc_client_pool_new(uri);
	mongoc_client_pool_set_error_api(store->pool, MONGOC_ERROR_API_VERSION_2);
	topology_watch(store);
	store->database = bson_strdup(mongoc_uri_get_database(uri));
	commit_lines_open(store);
	store->refresher = refresher_new();
	store->releases = releases_new(store);
	mongoc_uri_destroy(uri);
	return store;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	bool quiet = refresher_free(store->refresher);
	releases_free(store->releases);
	mongoc_client_pool_destroy(store->pool);
	presence_free(store->presence);
	bson_free(store->database);
	commit_lines_close(store);
	bson_free(store);
	/* not under a thread that still waits for the server */
	if (quiet)
		mongoc_cleanup();
}

static void end_left(void *context, const struct id *process)
{
	sessions_end_of(context, process);
}

void db_end_left(struct db *db)
{
	if (db->store->presence)
		presence_each_over(db->store->presence, CLAIM_LEASE_MS, end_left, db);
}

/* ---- a new server ---- */

enum { SET_ANSWER_MS = 5000 };

/* A connection to this one server: until it is in a set, nothing could be found out about the others of it. */
static mongoc_client_t *connect_directly(const char *address, char problem[256])
{
	bson_error_t error;
	char text[256];

	snprintf(text, sizeof text, "mongodb://%s/?directConnection=true", address);
	mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &error);
	if (!uri) {
		snprintf(problem, 256, "%.250s", error.message);
		return NULL;
	}
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, SET_ANSWER_MS);
	mongoc_client_t *client = mongoc_client_new_from_uri(uri);
	mongoc_uri_destroy(uri);
	return client;
}

static void initiate(mongoc_client_t *client, const char *name, const char *address)
{
	bson_t *command =
		BCON_NEW(SUB("replSetInitiate", TEXT("_id", name),
			     LIST("members", ITEM(INT("_id", 0), TEXT("host", address)))));

	/* whether it did is seen when it is asked again: somebody else may have been first */
	mongoc_client_command_simple(client, "admin", command, NULL, NULL, NULL);
	bson_destroy(command);
}

enum err replica_set_begin(const char *name, const char *address, char problem[256])
{
	bson_t hello = BSON_INITIALIZER, reply;
	bson_error_t error;

	mongoc_init();
	mongoc_client_t *client = connect_directly(address, problem);
	if (!client)
		return ERR_INVALID_INPUT;
	BSON_APPEND_INT32(&hello, "hello", 1);
	bool told = mongoc_client_command_simple(client, "admin", &hello, NULL, &reply, &error);
	bool writable = told && doc_bool(&reply, "isWritablePrimary", false);
	snprintf(problem, 256, "%.250s", told ? "It takes no writes yet." : error.message);
	if (told && doc_bool(&reply, "isreplicaset", false))
		initiate(client, name, address);
	bson_destroy(&reply);
	bson_destroy(&hello);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return writable ? OK : ERR_UNAVAILABLE;
}
