#include "store/total.h"

#include "store/doc.h"
#include "store/store_private.h"

enum {
	EXACT_MS = 1500, /* for finding out whether there are few, which are promised to be exact */
	NOW_MS = 5000, /* for what must be exact */
};

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

enum err total_few(struct db *db, struct arena *arena, const struct total *total, int64_t exact_max,
		   bool likely, int64_t *value, bool *few)
{
	enum err err = OK;

	*few = true;
	if (total->many_filter && !likely)
		err = count_few(db, arena, total, total->many_filter, exact_max, value, few);
	if (err == OK && *few)
		err = count_few(db, arena, total, total->filter, exact_max, value, few);
	return err;
}
