/*
 * What was told to a user while nobody listened: the notifications since one that they have, or since a moment.
 *
 * "Since" goes by createdAt, then _id, as lists do. But a notification is made before it is committed, on hosts
 * whose clocks differ: one that is older by that order may have been committed later. So those made shortly before
 * come along, too: whoever listens may have them already, and drops by their ids what they have.
 */
#ifndef MARKET_MISSED_H
#define MARKET_MISSED_H

#include "base/buffer.h"
#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>

#define MISSED_MAX 1000 /* beyond so many a reader had better read the list anew */
/* The longest from making a notification to its commit, with the difference of two hosts' clocks. */
#define MISSED_LAG_S 30

/* A place in a user's notifications. */
struct missed_place {
	int64_t created; /* milliseconds */
	struct id id;
};

/* The place of a notification. *known is false when the user has none of this id. */
enum err missed_place_of(struct db *db, struct arena *arena, const struct id *user,
			 const struct id *notification, struct missed_place *place, bool *known);
/* The place before all that are made from this moment on. */
struct missed_place missed_place_at(int64_t when);

/* A mark: the id that stands for a moment, for readers who have no notification's id yet. */
void missed_mark(struct buffer *out, int64_t when);
/* Is it one of ours? */
bool missed_mark_read(const char *text, int64_t *when);

/* The least id of those made within the lag before the place; ids begin with their second. */
struct id missed_least_id(const struct missed_place *place);

/*
 * Calls row for each notification after the place, the oldest first, but archived ones; before them for those made
 * shortly before it. *too_many: there are more than MISSED_MAX after it, and row was called for some of them.
 */
enum err missed_each(struct db *db, struct arena *arena, const struct id *user,
		     const struct missed_place *place, db_row row, void *context, bool *too_many);

#endif
