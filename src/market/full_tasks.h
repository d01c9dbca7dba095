/*
 * `full: true` in a task: it has no open slot, as the sweep has noticed.
 *
 * It keeps such tasks out of the indexes of open ones (store/collections.c), nothing more: whether a task takes work is
 * told by its slots alone. So it may be late, but must never be wrong the other way round: whoever adds slots takes it
 * off in the same write, by SLOTS_ARE_ADDED.
 */
#ifndef MARKET_FULL_TASKS_H
#define MARKET_FULL_TASKS_H

#include "store/doc.h"
#include "store/store.h"

#include <stdio.h>

/* A pair of a change that adds slots, and of a filter for tasks that are not noticed as full. */
#define SLOTS_ARE_ADDED SUB("$unset", TEXT("full", ""))
#define NOT_FULL NONE("full")

/* For the sweep: notes those that have filled up. */
enum err full_tasks_note(struct db *db, struct arena *arena);

/* For init-db: an older server, which knows nothing of it, may have added slots meanwhile. With dry_run it only counts.
 * *freed: how many; if any, report gets a line. */
enum err full_tasks_free(struct db *db, bool dry_run, FILE *report, int64_t *freed);

#endif
