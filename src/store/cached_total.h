/*
 * Totals that may be as old as five seconds.
 *
 * When there are few records, they are counted when asked for, once for all who ask at the same moment. When there are
 * many, the last total is used for five seconds, and a thread of the process computes the next one meanwhile
 * (store/refresher.h). No caller counts further than what is exact.
 */
#ifndef STORE_CACHED_TOTAL_H
#define STORE_CACHED_TOTAL_H

#include "store/total.h"

/*
 * For several totals of one answer. First cached_total_order() for each: it has the total computed if the last is older
 * than five seconds at asked_at (steady milliseconds). Then cached_total_wait() for each: it waits for the new total
 * until the deadline, and gives the last one after that. ERR_UNAVAILABLE when there was none yet.
 */
void cached_total_order(struct db *db, const struct total *total, int64_t asked_at);
enum err cached_total_wait(struct db *db, const struct total *total, int64_t asked_at,
			   int64_t deadline, int64_t *value);

/*
 * How many records there are. Up to exact_max: exactly. Beyond (*approximate): as of the last five seconds; where that
 * is not known yet, as many as are known, which is at least `seen`. look_first: counts up to exact_max even if there
 * were more a moment ago, so that a total that has become small is exact at once.
 */
enum err cached_total_count(struct db *db, struct arena *arena, const struct total *total,
			    int64_t exact_max, int64_t seen, bool look_first, int64_t *value,
			    bool *approximate);

/* How the counting of few records is shared, for a store. */
struct gathers *counts_new(void);

#endif
