/*
 * The notifications that a user's reader has missed: those after the last one that it has, or after a moment.
 *
 * They are in the order of createdAt, then _id, as in lists. But a notification is made before it is committed, and the
 * clocks of hosts differ: so one that is older by this order may have been committed later. Therefore those made
 * shortly before the place are read as well. The reader may have them already, and drops them by their ids.
 */
#ifndef MARKET_MISSED_H
#define MARKET_MISSED_H

#include "base/buffer.h"
#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>

#define MISSED_MAX 1000 /* a reader that has missed more reads the list again */
/* The longest time from making a notification to its commit, and the difference of two hosts' clocks. */
#define MISSED_LAG_S 30

/* A place in the order of a user's notifications. */
struct missed_place {
	int64_t created; /* milliseconds */
	struct id id;
};

/* The place of a notification. *known is false when the user has none of this id. */
enum err missed_place_of(struct db *db, struct arena *arena, const struct id *user,
			 const struct id *notification, struct missed_place *place, bool *known);
/* The place before all that are made from this moment on. */
struct missed_place missed_place_at(int64_t when);

/* A resume point: the event id that stands for a moment, for readers who have no notification's id yet. */
void resume_point_write(struct buffer *out, int64_t when);
/* false when the text is not one that resume_point_write() writes. */
bool resume_point_read(const char *text, int64_t *when);

/* The least id of those made within the lag before the place; ids begin with their second. */
struct id missed_least_id(const struct missed_place *place);

/*
 * Calls row for each notification after the place, without archived ones, the oldest first; and before that for those
 * made shortly before the place. *too_many: there are more than MISSED_MAX after it, and row was called for some of
 * them only.
 */
enum err missed_each(struct db *db, struct arena *arena, const struct id *user,
		     const struct missed_place *place, db_row row, void *context, bool *too_many);

#endif
