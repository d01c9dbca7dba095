/* Making a database ready: indexes, validators, an older server's data adopted, and the version in meta that says so. */
#ifndef STORE_SETUP_H
#define STORE_SETUP_H

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

/* What the records are like; grows when a version needs them to be otherwise. 2: those of ours bear the mark, too. */
#define SETUP_VERSION 2

struct setup_order {
	FILE *report; /* what is made, a line each */
	bool dry_run; /* tell what would be made, and change nothing */

	/*
	 * Makes records ours that bear no mark, after the indexes. late: the data was adopted before. *adopted: how
	 * many there were.
	 */
	enum err (*adopt)(void *context, bool late, int64_t *adopted);
	/* Makes anew what this version derives from adopted records by other rules than the one before; *changed: of how
	 * many. */
	enum err (*renew)(void *context, int64_t *changed);
	void *context;
};

/*
 * Makes what is missing, and drops unique indexes that are not ours and would refuse what we write. Changes nothing when
 * all is there; may run beside workers and beside itself. Building indexes on much data takes longer than a call's
 * answer: give the connection time. On any error a sentence stands in problem; ERR_NOT_CONFIGURED when the server is no
 * replica set, ERR_CONFLICT when the data is a newer version's.
 */
enum err setup_run(struct db *db, struct arena *arena, const struct setup_order *order,
		   char problem[256]);

/* OK when the data is adopted, as this version needs it; ERR_UNAVAILABLE when it is not, or the database is away. */
enum err setup_ready(struct db *db, struct arena *arena);

#endif
