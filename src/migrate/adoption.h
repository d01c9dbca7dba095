/*
 * Adoption: an older server's records become ours (contract section 10).
 *
 * That server kept no journal, owned records by e-mail, took a task's slots when it approved and let withdrawals and
 * balances drift apart. Every rule here is decided from what stands in the records alone, so that a dry run tells what
 * a run will do, and a run that was cut off ends as one that was not.
 */
#ifndef MIGRATE_ADOPTION_H
#define MIGRATE_ADOPTION_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

struct adoption_order {
	struct store *store; /* several connections are taken from it */
	struct db *db;
	bool dry_run; /* tell, and change nothing */
	bool late; /* the data was adopted before, and is in use: look for what came since */
	FILE *report; /* how many records each rule concerned, and which */
	FILE *progress; /* a line now and then for whoever waits; may be NULL */
};

/* How many connections beside order->db it uses. */
#define ADOPTION_THREADS 4

/*
 * Adopts all records that bear no mark, many in one transaction, each guarded by what was read of it; *adopted says
 * how many there were. Needs unique keys' indexes, unless it is a dry run. ERR_UNAVAILABLE or ERR_INTERNAL (logged)
 * when it was cut off: run again, it goes on; ERR_CONFLICT when records kept changing under it.
 */
enum err market_adopt(const struct adoption_order *order, int64_t *adopted);

#endif
