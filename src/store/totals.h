/*
 * Totals: numbers over many records that grow costly with the data. They are computed afresh as long as few records are
 * behind them; beyond, one is computed now and then and kept for up to five seconds, by each process for itself.
 */
#ifndef STORE_TOTALS_H
#define STORE_TOTALS_H

#include "store/store.h"

#define TOTAL_FRESH INT64_MAX

struct total {
	const char *name; /* names it among the kept ones: what is counted, and of whom */
	enum collection in;
	const bson_t *filter; /* which records: best one that an index answers alone */
	const bson_t *
		sum; /* what to add up, as an accumulator: {"$sum": "$coins"}; NULL: the records are counted */
	int64_t exact_max; /* so many records are always looked at afresh; TOTAL_FRESH: however many */
	bool look_first; /* of a count: look whether there are so many also while one is kept, so that what has become
			    few is told at once */
};

/* The total, and whether it is one of those that may be up to five seconds old. A sum's fraction is dropped. */
enum err total_read(struct db *db, struct arena *arena, const struct total *total, int64_t *value,
		    bool *kept);

#endif
