#include "store/address.h"

#include "base/count.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How long a write waits for the majority: half of what an answer may take, as doing it needs the rest, and not so long
 * that a program for operators seems to hang. A write that is not confirmed by then counts as failed for now. */
enum { CONFIRM_MS_MOST = 30000 };

static mongoc_uri_t *address_parse(const char *text, char problem[256])
{
	bson_error_t error;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &error);

	if (uri && mongoc_uri_get_database(uri))
		return uri;
	snprintf(problem, 256, "MONGODB_URI cannot be used: %.180s.",
		 uri ? "it names no database" : error.message);
	if (uri)
		mongoc_uri_destroy(uri);
	return NULL;
}

/* Does the option, as the driver keeps it, say the same? Numbers never do. */
static bool says(const bson_iter_t *at, const char *text)
{
	if (BSON_ITER_HOLDS_UTF8(at))
		return !strcasecmp(bson_iter_utf8(at, NULL), text);
	return BSON_ITER_HOLDS_BOOL(at) && !strcmp(bson_iter_bool(at) ? "true" : "false", text);
}

static void ignored(const char *option)
{
	log_line(LOG_WARN, NULL,
		 "MONGODB_URI sets %s, which is not followed: the service decides that itself",
		 option);
}

/* What an operator may have written down for other programs, and would miss without a word. */
static void ignored_tell(const mongoc_uri_t *uri)
{
	static const struct {
		const char *option, *ours;
	} rows[] = {
		{ MONGOC_URI_W, "majority" },
		{ MONGOC_URI_WTIMEOUTMS, "" },
		{ MONGOC_URI_JOURNAL, "true" },
		{ MONGOC_URI_SAFE, "true" },
		{ MONGOC_URI_READPREFERENCE, "primary" },
		{ MONGOC_URI_RETRYREADS, "true" },
		{ MONGOC_URI_RETRYWRITES, "true" },
		{ MONGOC_URI_DIRECTCONNECTION, "false" },
		{ MONGOC_URI_MAXPOOLSIZE, "" },
	};
	const bson_t *options = mongoc_uri_get_options(uri);
	bson_iter_t at;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (bson_iter_init_find_case(&at, options, rows[i].option) &&
		    !says(&at, rows[i].ours))
			ignored(rows[i].option);
	/* this one the driver keeps elsewhere */
	if (!mongoc_read_concern_is_default(mongoc_uri_get_read_concern(uri)))
		ignored(MONGOC_URI_READCONCERNLEVEL);
}

/* The driver's defaults wait half a minute to five minutes: far beyond nginx's patience. The operator may ask for less;
 * 0 asks the driver for its default. */
static void cap(mongoc_uri_t *uri, const char *option, int32_t most)
{
	int32_t asked = mongoc_uri_get_option_as_int32(uri, option, most);

	mongoc_uri_set_option_as_int32(uri, option, asked > 0 && asked < most ? asked : most);
}

static void waits_set(mongoc_uri_t *uri, const struct store_options *options)
{
	cap(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 2500);
	cap(uri, MONGOC_URI_CONNECTTIMEOUTMS, 2000);
	cap(uri, MONGOC_URI_SOCKETTIMEOUTMS, options->answer_ms);
	cap(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, 2000);
	/* well below the time that a server is looked for: one that was given up by mistake is back by then */
	cap(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, 1000);
	/* each thread keeps its connection: with fewer, some would have none */
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, options->threads + 2);
}

/* The driver reads a write concern from the address when it parses it, and options set later change nothing about
 * it. */
static void writes_set(mongoc_uri_t *uri, const struct store_options *options)
{
	mongoc_write_concern_t *majority = mongoc_write_concern_new();
	int64_t confirm_ms = options->answer_ms / 2;

	mongoc_write_concern_set_w(majority, MONGOC_WRITE_CONCERN_W_MAJORITY);
	mongoc_write_concern_set_wtimeout_int64(
		majority, confirm_ms < CONFIRM_MS_MOST ? confirm_ms : CONFIRM_MS_MOST);
	mongoc_uri_set_write_concern(uri, majority);
	mongoc_write_concern_destroy(majority);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, true);
}

/* Reads see what the majority has. Anything else may yet be rolled back, and whoever was told of it (that a token has
 * ended, that coins came) would find it undone. Transactions, snapshots and db_confirm() say their own level. */
static void reads_set(mongoc_uri_t *uri)
{
	mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
	mongoc_read_concern_t *confirmed = mongoc_read_concern_new();

	mongoc_read_concern_set_level(confirmed, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
	mongoc_uri_set_read_prefs_t(uri, primary);
	mongoc_uri_set_read_concern(uri, confirmed);
	mongoc_read_concern_destroy(confirmed);
	mongoc_read_prefs_destroy(primary);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, true);
	/* else the driver stays with the one server that is named, and reads from it also as a secondary */
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_DIRECTCONNECTION, false);
}

mongoc_uri_t *address_read(const struct store_options *options, char problem[256])
{
	mongoc_uri_t *uri = address_parse(options->uri, problem);

	if (!uri)
		return NULL;
	ignored_tell(uri);
	waits_set(uri, options);
	writes_set(uri, options);
	reads_set(uri);
	mongoc_uri_set_option_as_utf8(uri, MONGOC_URI_APPNAME, "microtask");
	return uri;
}
