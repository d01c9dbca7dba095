#include "market/missed.h"

#include "base/clock.h"
#include "market/notifications.h"
#include "store/doc.h"

#include <string.h>

#define RESUME_PREFIX "since-"
/* Enough for the milliseconds of the next 300,000 years, and far from an overflow. */
enum { RESUME_DIGITS_MAX = 16 };

/* createdAt is the time of the call, which for a sweep of many records may lie minutes before the one at hand. */
enum { CALL_MS_MOST = 15 * 60 * 1000 };

/* Of those made shortly before, only the latest are read: no usual user gets more in half a minute. */
enum { OVERLAP_MAX = 1000 };

struct counting {
	int64_t rows;
	db_row row;
	void *context;
};

struct collecting {
	struct arena *arena;
	const bson_t *docs[OVERLAP_MAX];
	size_t count;
};

enum err missed_place_of(struct db *db, struct arena *arena, const struct id *user,
			 const struct id *notification, struct missed_place *place, bool *known)
{
	const bson_t *found;
	enum err err = db_find_one(db, arena, NOTIFICATIONS,
				   DOC(arena, ID("_id", notification), ID("user_id", user)),
				   DOC(arena, INT("createdAt", 1)), &found);

	*known = found != NULL;
	if (found)
		*place = (struct missed_place){ .created = doc_date(found, "createdAt", 0),
						.id = *notification };
	return err;
}

struct missed_place missed_place_at(int64_t when)
{
	return (struct missed_place){ .created = when };
}

static int64_t second_of(const struct missed_place *place)
{
	int64_t second = 0;

	for (size_t i = 0; i < 4; i++)
		second = second << 8 | place->id.bytes[i];
	if (second == 0)
		second = place->created / CLOCK_SECOND;
	return second < UINT32_MAX ? second : UINT32_MAX;
}

struct id missed_least_id(const struct missed_place *place)
{
	struct id least = { 0 };
	int64_t second = second_of(place) - MISSED_LAG_S;

	for (size_t i = 0; i < 4 && second > 0; i++)
		least.bytes[i] = (uint8_t)(second >> (24 - 8 * i));
	return least;
}

static bson_t *in_order(struct arena *arena, int32_t direction, int64_t limit)
{
	return DOC(arena, SUB("sort", INT("createdAt", direction), INT("_id", direction)),
		   WHOLE("limit", limit));
}

/* ---- after the place ---- */

static bool count(void *context, const bson_t *doc)
{
	struct counting *counting = context;

	return ++counting->rows <= MISSED_MAX && counting->row(counting->context, doc);
}

static enum err after(struct db *db, struct arena *arena, const struct id *user,
		      const struct missed_place *place, struct counting *counting)
{
	bson_t *filter = notifications_of(arena, user);

	bson_concat(filter, DOC(arena, SUB("createdAt", DATE("$gte", place->created)),
				LIST("$or", ITEM(SUB("createdAt", DATE("$gt", place->created))),
				     ITEM(SUB("_id", ID("$gt", &place->id))))));
	return db_each(db, NOTIFICATIONS, filter, in_order(arena, 1, MISSED_MAX + 1), count,
		       counting);
}

/* ---- shortly before ---- */

static bool collect(void *context, const bson_t *doc)
{
	struct collecting *collecting = context;

	collecting->docs[collecting->count++] = doc_copy(collecting->arena, doc);
	return collecting->count < OVERLAP_MAX;
}

static enum err shortly_before(struct db *db, struct arena *arena, const struct id *user,
			       const struct missed_place *place, struct counting *counting)
{
	struct collecting *collecting = arena_alloc(arena, sizeof *collecting);
	struct id least = missed_least_id(place);
	bson_t *filter = notifications_of(arena, user);

	collecting->arena = arena;
	bson_concat(filter, DOC(arena,
				SUB("createdAt", DATE("$gte", place->created - CALL_MS_MOST),
				    DATE("$lte", place->created)),
				SUB("_id", ID("$gte", &least)),
				LIST("$or", ITEM(SUB("createdAt", DATE("$lt", place->created))),
				     ITEM(SUB("_id", ID("$lt", &place->id))))));
	enum err err = db_each(db, NOTIFICATIONS, filter, in_order(arena, -1, OVERLAP_MAX), collect,
			       collecting);
	while (err == OK && collecting->count)
		counting->row(counting->context, collecting->docs[--collecting->count]);
	return err;
}

enum err missed_each(struct db *db, struct arena *arena, const struct id *user,
		     const struct missed_place *place, db_row row, void *context, bool *too_many)
{
	struct counting counting = { .row = row, .context = context };
	enum err err = shortly_before(db, arena, user, place, &counting);

	if (err == OK)
		err = after(db, arena, user, place, &counting);
	*too_many = counting.rows > MISSED_MAX;
	return err;
}

/* ---- resume points ---- */

void resume_point_write(struct buffer *out, int64_t when)
{
	buffer_text(out, RESUME_PREFIX);
	buffer_int(out, when);
}

bool resume_point_read(const char *text, int64_t *when)
{
	size_t prefix = strlen(RESUME_PREFIX);

	if (strncmp(text, RESUME_PREFIX, prefix) != 0)
		return false;
	text += prefix;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > RESUME_DIGITS_MAX || text[digits])
		return false;
	*when = 0;
	for (size_t i = 0; i < digits; i++)
		*when = *when * 10 + (text[i] - '0');
	return true;
}
