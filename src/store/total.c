#include "store/total.h"

#include "base/clock.h"
#include "store/doc.h"
#include "store/refresher.h"
#include "store/store_private.h"

enum {
	EXACT_MS = 1500, /* for finding out whether there are few, which are promised to be exact */
	NOW_MS = 5000, /* for what must be exact */
	CACHED_MS = 5000, /* as old as a total may be */
	REFRESH_MS = 2000, /* from this age on the next one is computed, to be there in time */
	KNOWN_MS = 60000, /* for so long a total far beyond what is exact is taken to stay so */
	WHOLE_MS = 50, /* for counting all, where nothing is cached: longer delays the caller */
};

/* ---- computing ---- */

static enum err command_run(mongoc_client_t *client, const char *database, struct arena *arena,
			    const bson_t *command, const bson_t **reply, bool *late)
{
	bson_t raw;
	bson_error_t error = { 0 };
	bool done = mongoc_client_read_command_with_opts(client, database, command, NULL, NULL,
							 &raw, &error);

	*reply = doc_steal(arena, &raw);
	*late = !done && store_out_of_time(&error);
	return done || *late ? OK : store_failed(&error, "making a total");
}

static bson_t *count_command(struct arena *arena, const struct total *total, const bson_t *filter,
			     int64_t limit, int64_t max_ms)
{
	bson_t *command =
		DOC(arena, TEXT("count", collection_name(total->in)), PART("query", filter),
		    WHOLE("limit", limit), WHOLE("maxTimeMS", max_ms));

	if (total->index)
		BSON_APPEND_UTF8(command, "hint", total->index);
	return command;
}

static const bson_t *many_filter(const struct total *total)
{
	return total->many_filter ? total->many_filter : total->filter;
}

static bson_t *pipeline_command(struct arena *arena, const struct total *total, int64_t max_ms)
{
	return DOC(arena, TEXT("aggregate", collection_name(total->in)),
		   ARRAY("pipeline", total->pipeline), EMPTY("cursor"), WHOLE("maxTimeMS", max_ms));
}

enum err total_compute(mongoc_client_t *client, const char *database, struct arena *arena,
		       const struct total *total, int64_t max_ms, int64_t *value, bool *late)
{
	bson_t *command = total->pipeline ?
				  pipeline_command(arena, total, max_ms) :
				  count_command(arena, total, many_filter(total), 0, max_ms);
	const bson_t *reply;
	enum err err = command_run(client, database, arena, command, &reply, late);
	const bson_t *row = err == OK && total->pipeline ? store_first(arena, reply) : reply;

	*value = row ? doc_whole(row, "n", 0) : 0;
	return err;
}

enum err total_now(struct db *db, struct arena *arena, const struct total *total, int64_t *value)
{
	bool late;
	enum err err =
		total_compute(db->client, db->store->database, arena, total, NOW_MS, value, &late);

	return err == OK && late ? ERR_UNAVAILABLE : err;
}

/* Counts the records that match a filter of the total, no further than one beyond exact_max. *few: there are not more
 * than that, and *value is their number. */
static enum err count_few(struct db *db, struct arena *arena, const struct total *total,
			  const bson_t *filter, int64_t exact_max, int64_t *value, bool *few)
{
	const bson_t *reply;
	bool late;
	enum err err = command_run(db->client, db->store->database, arena,
				   count_command(arena, total, filter, exact_max + 1, EXACT_MS),
				   &reply, &late);

	*value = err == OK ? doc_whole(reply, "n", 0) : 0;
	*few = err == OK && !late && *value <= exact_max;
	return err;
}

/* ---- what is cached ---- */

/* The last value, unless it is too old; where it soon will be, the next is ordered. */
static bool recent(struct db *db, const struct total *total, int64_t *value)
{
	struct refresher *refresher = db->store->refresher;
	int64_t now = clock_steady(), begun_at;

	if (!refresher_last(refresher, total->name, value, &begun_at) || begun_at < now - CACHED_MS)
		return false;
	if (begun_at < now - REFRESH_MS)
		refresher_ask(refresher, db, total, 0);
	return true;
}

void total_order(struct db *db, const struct total *total, int64_t asked_at)
{
	struct refresher *refresher = db->store->refresher;
	int64_t value, begun_at;

	if (!refresher_last(refresher, total->name, &value, &begun_at) ||
	    begun_at < asked_at - REFRESH_MS)
		refresher_ask(refresher, db, total, 0);
}

enum err total_wait(struct db *db, const struct total *total, int64_t asked_at, int64_t deadline,
		    int64_t *value)
{
	struct refresher *refresher = db->store->refresher;
	int64_t begun_at;

	refresher_wait(refresher, total->name, asked_at - CACHED_MS, deadline);
	return refresher_last(refresher, total->name, value, &begun_at) ? OK : ERR_UNAVAILABLE;
}

/* ---- counting ---- */

/* Are there few? Then *value is exact; else there are at least so many. */
static enum err count_exactly(struct db *db, struct arena *arena, const struct total *total,
			      int64_t exact_max, int64_t *value, bool *few)
{
	enum err err = OK;

	*few = true;
	if (total->many_filter)
		err = count_few(db, arena, total, total->many_filter, exact_max, value, few);
	if (err == OK && *few)
		err = count_few(db, arena, total, total->filter, exact_max, value, few);
	return err;
}

/* Were there so many a while ago that it need not be found out whether there still are? */
static bool far_beyond(struct db *db, const struct total *total, int64_t exact_max)
{
	int64_t value, begun_at;

	return refresher_last(db->store->refresher, total->name, &value, &begun_at) &&
	       value / 2 > exact_max && begun_at > clock_steady() - KNOWN_MS;
}

/* Is the next one being made, and known to be of many? Then nobody else counts meanwhile. */
static bool many_soon(struct db *db, const struct total *total, int64_t exact_max, int64_t seen,
		      int64_t *value)
{
	int64_t least = 0;
	bool soon = refresher_at_it(db->store->refresher, total->name, &least) && least > exact_max;

	if (soon)
		*value = least > seen ? least : seen;
	return soon;
}

/* Of many: what is cached, else counted now where that is quick, else what was known of before. */
static enum err count_many(struct db *db, struct arena *arena, const struct total *total,
			   int64_t least, int64_t *value)
{
	struct refresher *refresher = db->store->refresher;
	int64_t begun_at = clock_steady();
	bool late;

	if (recent(db, total, value))
		return OK;
	enum err err = total_compute(db->client, db->store->database, arena, total, WHOLE_MS, value,
				     &late);

	if (err == OK && !late) {
		refresher_keep(refresher, total->name, *value, begun_at);
		return OK;
	}
	refresher_ask(refresher, db, total, least);
	if (!refresher_last(refresher, total->name, value, &begun_at) || *value < least)
		*value = least;
	return err;
}

enum err total_count(struct db *db, struct arena *arena, const struct total *total,
		     int64_t exact_max, int64_t seen, bool look_first, int64_t *value,
		     bool *approximate)
{
	bool few;
	int64_t least;

	*approximate = true;
	if (!look_first &&
	    (recent(db, total, value) || many_soon(db, total, exact_max, seen, value)))
		return OK;
	if (!look_first && far_beyond(db, total, exact_max))
		return count_many(db, arena, total, seen, value);
	enum err err = count_exactly(db, arena, total, exact_max, &least, &few);
	*approximate = !few;
	*value = least > seen ? least : seen;
	return err != OK || few ? err : count_many(db, arena, total, *value, value);
}
