/*
 * Adoption: an older server's records become ours (contract section 10).
 *
 * That server kept no journal, owned records by e-mail, took a task's slots when work was approved, and let withdrawals
 * and balances drift apart. Every rule here decides by what is in the records and nothing else. So a dry run tells what
 * a run would do, and a run that was cut off and begun again has the same result as one that was not.
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
	bool dry_run; /* report, and change nothing */
	bool late; /* the data was adopted before and is in use: only adopt what has come since */
	FILE *report; /* how many records each rule concerned, and which */
	FILE *progress; /* gets a line now and then, for whoever waits; may be NULL */
};

/* How many connections it uses beside order->db. */
#define ADOPTION_THREADS 4

/*
 * Adopts all records without the mark. Many share a transaction; each is guarded by all that was read of it.
 * *adopted: how many there were. The indexes of unique keys must exist, unless it is a dry run. ERR_UNAVAILABLE or
 * ERR_INTERNAL (logged) when it could not finish; the next run goes on. ERR_CONFLICT when records changed again and
 * again while they were worked on.
 */
enum err adoption_run(const struct adoption_order *order, int64_t *adopted);

#endif
