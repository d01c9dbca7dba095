/* Work of MongoDB that is slow, fails or loses its answer, as it does when a server goes down or another is met;
 * base/buggify.h says more. What the driver says then is what it says of a real one. */
#include "store/buggify_driver.h"

#include <stdio.h>

enum { SHUTDOWN_IN_PROGRESS = 91, WRITE_CONFLICT = 112, NO_SUCH_TRANSACTION = 251 };

/* ---- what is said ---- */

static bool say(bson_error_t *error, uint32_t domain, uint32_t code, const char *message)
{
	bson_set_error(error, domain, code, "buggify: %s", message);
	return false;
}

static bool say_lost(bson_error_t *error)
{
	return say(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET,
		   "the connection was closed");
}

/* A reply that has nothing but an error's label. */
static void label(bson_t *reply, const char *name)
{
	bson_t labels;

	if (!reply)
		return;
	bson_init(reply);
	BSON_APPEND_ARRAY_BEGIN(reply, "errorLabels", &labels);
	BSON_APPEND_UTF8(&labels, "0", name);
	bson_append_array_end(reply, &labels);
}

/* Instead of the reply that came. */
static bool lose(bson_t *reply, bson_error_t *error, const char *name)
{
	if (reply)
		bson_destroy(reply);
	label(reply, name);
	return say_lost(error);
}

/* ---- commands ---- */

static const char *site_of(char site[SITE_SIZE], const bson_t *command, const bson_t *options)
{
	bson_iter_t at;
	bool named = bson_iter_init(&at, command) && bson_iter_next(&at);

	snprintf(site, SITE_SIZE, "%s%s%s%s", named ? bson_iter_key(&at) : "",
		 named && BSON_ITER_HOLDS_UTF8(&at) ? " " : "",
		 named && BSON_ITER_HOLDS_UTF8(&at) ? bson_iter_utf8(&at, NULL) : "",
		 options && bson_has_field(options, "sessionId") ? " in a transaction" : "");
	return site;
}

/* In a transaction: a write conflict. Outside: a server that is stopping, and took nothing. Or the connection was
 * lost. */
static bool write_fails(const struct buggify *buggify, const bson_t *options, bson_t *reply,
			bson_error_t *error)
{
	bool transaction = options && bson_has_field(options, "sessionId");

	label(reply, transaction ? "TransientTransactionError" : "RetryableWriteError");
	if (buggify->draw % 4 == 0)
		return say_lost(error);
	return transaction ? say(error, MONGOC_ERROR_SERVER, WRITE_CONFLICT, "a write conflict") :
			     say(error, MONGOC_ERROR_SERVER, SHUTDOWN_IN_PROGRESS,
				 "the server is shutting down");
}

bool __wrap_mongoc_client_write_command_with_opts(mongoc_client_t *client, const char *database,
						  const bson_t *command, const bson_t *options,
						  bson_t *reply, bson_error_t *error)
{
	char site[SITE_SIZE];
	struct buggify buggify = buggify_begin(site_of(site, command, options), WRITING);

	if (buggify.fault == BUGGIFY_FAIL)
		return write_fails(&buggify, options, reply, error);
	bool ok = __real_mongoc_client_write_command_with_opts(client, database, command, options,
							       reply, error);
	buggify_end(&buggify);
	if (buggify.fault != BUGGIFY_UNKNOWN || !ok)
		return ok;
	return lose(reply, error,
		    options && bson_has_field(options, "sessionId") ? "TransientTransactionError" :
								      "RetryableWriteError");
}

bool __wrap_mongoc_client_read_command_with_opts(mongoc_client_t *client, const char *database,
						 const bson_t *command,
						 const mongoc_read_prefs_t *prefs,
						 const bson_t *options, bson_t *reply,
						 bson_error_t *error)
{
	char site[SITE_SIZE];
	struct buggify buggify = buggify_begin(site_of(site, command, options), READING);

	if (buggify.fault == BUGGIFY_FAIL) {
		if (reply)
			bson_init(reply);
		return buggify.draw % 2 ? say_lost(error) :
					  say(error, MONGOC_ERROR_SERVER, SHUTDOWN_IN_PROGRESS,
					      "the server is shutting down");
	}
	bool ok = __real_mongoc_client_read_command_with_opts(client, database, command, prefs,
							      options, reply, error);
	buggify_end(&buggify);
	return ok;
}

/* Of an operator's kind: looking at the server, ending a session, making an index. */
bool __wrap_mongoc_client_command_simple(mongoc_client_t *client, const char *database,
					 const bson_t *command, const mongoc_read_prefs_t *prefs,
					 bson_t *reply, bson_error_t *error)
{
	char site[SITE_SIZE];
	struct buggify buggify = buggify_begin(site_of(site, command, NULL), WRITING);

	if (buggify.fault == BUGGIFY_FAIL) {
		if (reply)
			bson_init(reply);
		return say_lost(error);
	}
	bool ok =
		__real_mongoc_client_command_simple(client, database, command, prefs, reply, error);
	buggify_end(&buggify);
	return buggify.fault == BUGGIFY_UNKNOWN && ok ? say_lost(error) : ok;
}

/* ---- transactions ---- */

mongoc_client_session_t *__wrap_mongoc_client_start_session(mongoc_client_t *client,
							    const mongoc_session_opt_t *options,
							    bson_error_t *error)
{
	struct buggify buggify = buggify_begin("session", READING);

	if (buggify.fault == BUGGIFY_FAIL) {
		say(error, MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_FAILURE,
		    "no suitable server");
		return NULL;
	}
	mongoc_client_session_t *session =
		__real_mongoc_client_start_session(client, options, error);
	buggify_end(&buggify);
	return session;
}

bool __wrap_mongoc_client_session_abort_transaction(mongoc_client_session_t *session,
						    bson_error_t *error)
{
	struct buggify buggify = buggify_begin("abort", BUGGIFY_SLOW);
	bool ok = __real_mongoc_client_session_abort_transaction(session, error);

	buggify_end(&buggify);
	return ok;
}

/* The server has ended the transaction meanwhile; or it never heard of the commit, which the driver cannot know. */
static bool commit_fails(const struct buggify *buggify, mongoc_client_session_t *session,
			 bson_t *reply, bson_error_t *error)
{
	/* what an earlier try has committed cannot be aborted any more */
	if (buggify->draw % 2 == 0 ||
	    !__real_mongoc_client_session_abort_transaction(session, NULL)) {
		label(reply, "UnknownTransactionCommitResult");
		return say_lost(error);
	}
	label(reply, "TransientTransactionError");
	return say(error, MONGOC_ERROR_SERVER, NO_SUCH_TRANSACTION, "the transaction was aborted");
}

bool __wrap_mongoc_client_session_commit_transaction(mongoc_client_session_t *session,
						     bson_t *reply, bson_error_t *error)
{
	struct buggify buggify = buggify_begin("commit", WRITING);

	if (buggify.fault == BUGGIFY_FAIL)
		return commit_fails(&buggify, session, reply, error);
	bool ok = __real_mongoc_client_session_commit_transaction(session, reply, error);
	buggify_end(&buggify);
	return buggify.fault == BUGGIFY_UNKNOWN && ok ?
		       lose(reply, error, "UnknownTransactionCommitResult") :
		       ok;
}

/* ---- the beginning ---- */

/* Every program that has to do with the database comes by here first. */
void __wrap_mongoc_init(void)
{
	buggify_start();
	__real_mongoc_init();
}
