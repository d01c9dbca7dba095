#include "store/cached_total.h"

#include "base/clock.h"
#include "store/refresher.h"
#include "store/store_private.h"

enum {
	CACHED_MS = 5000, /* as old as a total may be */
	REFRESH_MS = 2000, /* from this age on the next one is computed, to be there in time */
	KNOWN_MS = 60000, /* for so long a total far beyond what is exact is taken to stay so */
	WHOLE_MS = 50, /* for counting all, where nothing is cached: longer delays the caller */
};

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

void cached_total_order(struct db *db, const struct total *total, int64_t asked_at)
{
	struct refresher *refresher = db->store->refresher;
	int64_t value, begun_at;

	if (!refresher_last(refresher, total->name, &value, &begun_at) ||
	    begun_at < asked_at - REFRESH_MS)
		refresher_ask(refresher, db, total, 0);
}

enum err cached_total_wait(struct db *db, const struct total *total, int64_t asked_at,
			   int64_t deadline, int64_t *value)
{
	struct refresher *refresher = db->store->refresher;
	int64_t begun_at;

	refresher_wait(refresher, total->name, asked_at - CACHED_MS, deadline);
	return refresher_last(refresher, total->name, value, &begun_at) ? OK : ERR_UNAVAILABLE;
}

/* ---- counting ---- */

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

enum err cached_total_count(struct db *db, struct arena *arena, const struct total *total,
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
	enum err err = total_few(db, arena, total, exact_max, &least, &few);
	*approximate = !few;
	*value = least > seen ? least : seen;
	return err != OK || few ? err : count_many(db, arena, total, *value, value);
}
