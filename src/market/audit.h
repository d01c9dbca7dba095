/*
 * The audit: are the books balanced? Every user's coins and every task's escrow against the journal, and the sums:
 *
 *   coins + pending_coins + escrow = opening + bonuses + purchases + adjustments - payouts - forfeits
 *                                    - reversals
 *
 * All of it is read in one snapshot, so coins may move meanwhile, and merged in the order of ids, so books of any size
 * take the same memory.
 */
#ifndef MARKET_AUDIT_H
#define MARKET_AUDIT_H

#include "market/market.h"
#include "store/mark.h"

#define AUDIT_DIFFERENCES_MAX 100

struct audit_difference {
	/* coins, pending_coins, escrow, or missing: an account without its user or task, or with one that is not adopted */
	const char *kind;
	struct id id; /* of the user or task */
	int64_t expected, found; /* by the journal, and in the record */
};

struct audit {
	bool balanced;
	int64_t as_of;
	int64_t coins, pending_coins, escrow;
	int64_t opening, bonuses, purchases, adjustments /* may be below 0 */, payouts, forfeits,
		reversals;
	int64_t users, tasks; /* numbers compared */
	struct unmarked unadopted;
	size_t difference_count;
	struct audit_difference differences[AUDIT_DIFFERENCES_MAX]; /* the first of them */
};

/*
 * Audits now; a finished run is kept as the last one. ERR_IN_PROGRESS when max_ms (0: no bound) did not suffice:
 * *out says nothing then.
 */
enum err audit_run(struct db *db, struct arena *arena, int64_t max_ms, struct audit *out);

/* The last finished run. ERR_NOT_FOUND when there is none. */
enum err audit_last(struct db *db, struct arena *arena, struct audit *out);

/*
 * For books that take longer than a caller may wait: asks for a run, which the next sweep makes. Asking again
 * changes nothing.
 */
enum err audit_ask(struct db *db, struct arena *arena);
/* Makes the run that was asked for, if one was: *ran. Of several sweeps one makes it. */
enum err audit_run_asked(struct db *db, struct arena *arena, bool *ran);

/* As documents: the numbers, and one difference. */
bson_t *audit_doc(struct arena *arena, const struct audit *audit);
bson_t *audit_difference_doc(struct arena *arena, const struct audit_difference *difference);

#endif
