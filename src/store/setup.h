/* Prepares a database: indexes, validators, the adoption of an older server's data, and the version in meta that says
 * so. */
#ifndef STORE_SETUP_H
#define STORE_SETUP_H

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

/* The format of the records; it grows when a version needs another one. 2: records that we write have the mark, too. */
#define SETUP_VERSION 2

struct setup_order {
	FILE *report; /* gets a line for each thing that is made */
	bool dry_run; /* tell what would be made, and change nothing */

	/*
	 * Adopts the records without a mark, after the indexes were made. late: the data was adopted before, and these
	 * came later. *adopted: how many there were.
	 */
	enum err (*adopt)(void *context, bool late, int64_t *adopted);
	/* Renews what records derive from their own fields, where this version has other rules for it. *changed: of how
	 * many records. */
	enum err (*renew)(void *context, int64_t *changed);
	void *context;
};

/*
 * Makes what is missing, and drops unique indexes that are not ours and would refuse what we write. Changes nothing
 * when nothing is missing. It may run while microtaskd runs, and twice at once. Building indexes on much data takes
 * longer than the answer to a call, so the connection needs a long answer_ms. On every error there is a sentence in
 * problem. ERR_NOT_CONFIGURED when the server is not a replica set, ERR_CONFLICT when the data belongs to a newer
 * version.
 */
enum err setup_run(struct db *db, struct arena *arena, const struct setup_order *order,
		   char problem[256]);

/* OK when the data is adopted, as this version needs it; ERR_UNAVAILABLE when it is not, or the database is away. */
enum err setup_ready(struct db *db, struct arena *arena);

#endif
