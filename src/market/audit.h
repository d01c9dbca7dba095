/*
 * The audit compares every user's coins and every task's escrow with the journal, and these sums:
 *
 *   coins + pending_coins + escrow = opening + bonuses + purchases + adjustments - payouts - forfeits
 *                                    - reversals
 *
 * All of it is read in one snapshot, so coins may move meanwhile. Records and journal are merged in the order of ids,
 * so the memory needed does not grow with them.
 */
#ifndef MARKET_AUDIT_H
#define MARKET_AUDIT_H

#include "market/market.h"
#include "store/mark.h"

#define AUDIT_DIFFERENCES_MAX 100

/* As documents. */
struct audit {
	/* balanced; asOf, the time of the snapshot; the sums above by their names; users and tasks, how many were
	 * compared */
	const bson_t *numbers;
	/* An array of the first of them: kind (coins, pending_coins, escrow; or missing: the account's user or task is
	 * not there, or not adopted), _id of the user or task, expected by the journal, found in the record. */
	const bson_t *differences;
	const bson_t *unadopted; /* how many records of each collection; see unmarked_count() */
};

/*
 * Audits now, and keeps the result for audit_last(). ERR_IN_PROGRESS when it was not done within max_ms (0: no limit);
 * *out means nothing then.
 */
enum err audit_run(struct db *db, struct arena *arena, int64_t max_ms, struct audit *out);

/* The result of the last audit that was finished. ERR_NOT_FOUND when there is none. */
enum err audit_last(struct db *db, struct arena *arena, struct audit *out);

/* Asks for an audit by the next sweep, for books that take longer than a caller can wait. Asking again changes
 * nothing. */
enum err audit_ask(struct db *db, struct arena *arena);
/* Audits if that was asked for: then *ran is true. Of several sweeps only one does. */
enum err audit_run_asked(struct db *db, struct arena *arena, bool *ran);

#endif
