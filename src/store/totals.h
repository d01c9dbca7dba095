/*
 * Totals: numbers over many records, which grow costly with the data.
 *
 * Few records are counted for whoever asks. Of many, the last total serves for five seconds, and a thread of the process
 * makes the next behind the scenes (store/refresher.h): however long the server counts, nobody who asks pays for it.
 */
#ifndef STORE_TOTALS_H
#define STORE_TOTALS_H

#include "store/store.h"

struct total {
	const char *name; /* names it among the cached ones: what is counted, and of whom */
	enum collection in;
	const bson_t *filter; /* which records: best one that an index answers alone */
	/* Where there are many, a filter that finds the same but for a few, by an index alone; NULL: filter. And that
	 * index's name; NULL: the server chooses. */
	const bson_t *many_filter;
	const char *index;
	/* Instead of a filter: an array of stages whose one row has the value in n. */
	const bson_t *pipeline;
};

/* Computed afresh, as long as the server may take for an answer. A fraction is dropped. */
enum err total_now(struct db *db, struct arena *arena, const struct total *total, int64_t *value);

/*
 * For several totals of one answer: orders those that are older than five seconds at this moment (steady milliseconds),
 * then gives each as soon as it is made, until the deadline; after that the last there was. ERR_UNAVAILABLE if there was
 * none: then it is being made.
 */
void total_order(struct db *db, const struct total *total, int64_t asked_at);
enum err total_wait(struct db *db, const struct total *total, int64_t asked_at, int64_t deadline,
		    int64_t *value);

/*
 * How many records there are. Up to exact_max: exactly. Beyond (*approximate): as of the last five seconds; where that is
 * not known yet, as many as are known, which is at least `seen`. look_first: looks whether there are few also while
 * more were counted a moment ago, so that what has become few is told at once.
 */
enum err total_count(struct db *db, struct arena *arena, const struct total *total,
		     int64_t exact_max, int64_t seen, bool look_first, int64_t *value,
		     bool *approximate);

#endif
