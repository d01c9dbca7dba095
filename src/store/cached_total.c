#include "store/cached_total.h"

#include "base/clock.h"
#include "store/gathers.h"
#include "store/refresher.h"
#include "store/store_private.h"

enum {
	CACHED_MS = 5000, /* as old as a total may be */
	REFRESH_MS = 2000, /* from this age on the next one is computed, to be there in time */
	KNOWN_MS = 60000, /* for so long a total far beyond what is exact is taken to stay so */
	MOMENT_MS = 100, /* for a first total: waiting longer for it would delay the caller */
	WAIT_MS =
		2500, /* for others' counting; a count after that would end too late for the caller */
};

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

/* ---- few ---- */

/* A thread that wants to know whether there are few. */
struct counting {
	struct db *db;
	struct arena *arena;
	const struct total *total;
	int64_t exact_max, came; /* steady milliseconds */
	int64_t value;
	bool few;
	enum err err;
};

/* Of what was counted exactly the last time that is done at once. Where there is one filter alone, it makes no
 * difference. */
static void count_exactly(struct counting *counting)
{
	struct refresher *refresher = counting->db->store->refresher;
	const struct total *total = counting->total;
	int64_t begun_at = clock_steady(), last, last_at;
	bool likely = refresher_last(refresher, total->name, &last, &last_at) &&
		      last <= counting->exact_max;

	if (begun_at - counting->came > WAIT_MS) {
		counting->err = ERR_UNAVAILABLE;
		return;
	}
	counting->err = total_few(counting->db, counting->arena, total, counting->exact_max, likely,
				  &counting->value, &counting->few);
	if (counting->err == OK && counting->few && total->many_filter)
		refresher_keep(refresher, total->name, counting->value, begun_at);
}

/* A gather_work, of a name. */
static void count_for_all(void *context, void *const *members, size_t count)
{
	struct counting *leader = context;

	count_exactly(leader);
	for (size_t i = 0; i < count; i++) {
		struct counting *counting = members[i];

		counting->value = leader->value;
		counting->few = leader->few;
		counting->err = leader->err;
	}
}

struct gathers *counts_new(void)
{
	return gathers_new(count_for_all);
}

/* Those who want to know it of the same at once count together. */
static enum err count_few(struct db *db, struct arena *arena, const struct total *total,
			  int64_t exact_max, int64_t *value, bool *few)
{
	struct counting counting = { .db = db,
				     .arena = arena,
				     .total = total,
				     .exact_max = exact_max,
				     .came = clock_steady() };

	gathers_join(db->store->counts, total->name, &counting, &counting);
	*value = counting.value;
	*few = counting.few;
	return counting.err;
}

/* ---- many ---- */

/* The last value of many, unless it is too old; where it soon will be, the next is ordered. */
static bool recent(struct db *db, const struct total *total, int64_t exact_max, int64_t *value)
{
	struct refresher *refresher = db->store->refresher;
	int64_t now = clock_steady(), begun_at;

	if (!refresher_last(refresher, total->name, value, &begun_at) || *value <= exact_max ||
	    begun_at < now - CACHED_MS)
		return false;
	if (begun_at < now - REFRESH_MS)
		refresher_ask(refresher, db, total, 0);
	return true;
}

/* Is it known without a look that there are many? So it is when there were twice as many a while ago, or when a total of
 * many is being made; *least are then known. */
static bool surely_many(struct db *db, const struct total *total, int64_t exact_max, int64_t *least)
{
	struct refresher *refresher = db->store->refresher;
	int64_t value, begun_at;

	if (refresher_at_it(refresher, total->name, least) && *least > exact_max)
		return true;
	*least = exact_max + 1;
	return refresher_last(refresher, total->name, &value, &begun_at) && value / 2 > exact_max &&
	       begun_at > clock_steady() - KNOWN_MS;
}

/* No caller counts them: the refresher does, once for all, and is waited for a moment where nothing recent is known. */
static void count_many(struct db *db, const struct total *total, int64_t exact_max, int64_t least,
		       int64_t *value)
{
	struct refresher *refresher = db->store->refresher;
	int64_t now = clock_steady(), known, begun_at;

	if (recent(db, total, exact_max, value))
		return;
	refresher_ask(refresher, db, total, least);
	refresher_wait(refresher, total->name, now - CACHED_MS, now + MOMENT_MS);
	*value = least;
	if (refresher_last(refresher, total->name, &known, &begun_at) && known > least)
		*value = known;
}

enum err cached_total_count(struct db *db, struct arena *arena, const struct total *total,
			    int64_t exact_max, int64_t seen, bool look_first, int64_t *value,
			    bool *approximate)
{
	bool few = false;
	int64_t least;
	enum err err = OK;

	*approximate = true;
	if (!look_first && recent(db, total, exact_max, value))
		return OK;
	if (look_first || !surely_many(db, total, exact_max, &least))
		err = count_few(db, arena, total, exact_max, &least, &few);
	*approximate = !few;
	*value = err == OK && least > seen ? least : seen;
	if (err == OK && !few)
		count_many(db, total, exact_max, *value, value);
	return err;
}
