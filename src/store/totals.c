#include "store/totals.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "store/doc.h"
#include "store/store_private.h"

#include <string.h>

enum { KEPT_MS = 5000, REFRESH_MS = 3000 };

/* ---- what is kept ---- */

static struct kept_count *kept_slot(struct store *store, uint64_t key)
{
	return &store->counts[key % STORE_COUNTS];
}

/* A kept total that is still good. Near its end of life the first to ask is sent to count afresh (false), while the
 * others go on with it. */
static bool kept_read(struct store *store, uint64_t key, int64_t *value)
{
	int64_t now = clock_steady();

	pthread_mutex_lock(&store->counts_lock);
	struct kept_count *kept = kept_slot(store, key);
	bool good = kept->key == key && kept->counted_at && now - kept->counted_at < KEPT_MS;
	if (good && now - kept->counted_at > REFRESH_MS && !kept->refreshing) {
		kept->refreshing = true;
		good = false;
	}
	*value = kept->value;
	pthread_mutex_unlock(&store->counts_lock);
	return good;
}

static void kept_write(struct store *store, uint64_t key, int64_t value, int64_t counted_at)
{
	pthread_mutex_lock(&store->counts_lock);
	*kept_slot(store, key) =
		(struct kept_count){ .key = key, .value = value, .counted_at = counted_at };
	pthread_mutex_unlock(&store->counts_lock);
}

/* ---- computing ---- */

/* Counts no further than one beyond exact_max. */
static enum err count_few(struct db *db, struct arena *arena, const struct total *total,
			  int64_t *value, bool *many)
{
	int64_t limit = total->exact_max == TOTAL_FRESH ? 0 : total->exact_max + 1;
	enum err err = db_count(db, arena, total->in, total->filter, limit, value);

	*many = err == OK && *value > total->exact_max;
	return err;
}

struct summed {
	int64_t records, value;
};

static bool sum_take(void *context, const bson_t *doc)
{
	struct summed *summed = context;

	summed->records = doc_whole(doc, "records", 0);
	summed->value = doc_whole(doc, "value", 0);
	return false;
}

static enum err sum(struct db *db, struct arena *arena, const struct total *total, int64_t *value,
		    bool *many)
{
	struct summed summed = { 0 };
	bson_t *pipeline = DOC(arena, "0", "{", "$match", BCON_DOCUMENT(total->filter), "}", "1",
			       "{", "$group", "{", "_id", BCON_NULL, "records", "{", "$sum",
			       BCON_INT32(1), "}", "value", BCON_DOCUMENT(total->sum), "}", "}");
	enum err err = db_aggregate(db, total->in, pipeline, NULL, sum_take, &summed);

	*value = summed.value;
	*many = err == OK && summed.records > total->exact_max;
	return err;
}

/* Afresh; *many when it is worth keeping. */
static enum err compute(struct db *db, struct arena *arena, const struct total *total,
			int64_t *value, bool *many)
{
	if (total->sum)
		return sum(db, arena, total, value, many);
	enum err err = count_few(db, arena, total, value, many);
	return *many ? db_count(db, arena, total->in, total->filter, 0, value) : err;
}

enum err total_read(struct db *db, struct arena *arena, const struct total *total, int64_t *value,
		    bool *kept)
{
	uint64_t key = hash_bytes(total->name, strlen(total->name));
	int64_t began = clock_steady();
	bool many = true;
	enum err err = OK;

	*kept = false;
	if (total->look_first)
		err = count_few(db, arena, total, value, &many);
	if (err != OK || !many)
		return err;
	*kept = true;
	if (kept_read(db->store, key, value))
		return OK;
	err = compute(db, arena, total, value, kept);
	if (err == OK && *kept)
		kept_write(db->store, key, *value, began);
	return err;
}
