/* Totals: numbers over many records, which grow costly with the data (cached_total.h). */
#ifndef STORE_TOTAL_H
#define STORE_TOTAL_H

#include "store/store.h"

struct total {
	const char *name; /* its key in the cache: what is counted, and of whom */
	enum collection in;
	const bson_t *filter; /* which records; best if an index alone can answer it */
	/* A filter for when there are many: an index alone can answer it, and it finds nearly the same records. NULL:
	 * filter. And the name of that index; NULL: the server chooses. */
	const bson_t *many_filter;
	const char *index;
	/* Instead of a filter: an array of stages whose one row has the value in n. */
	const bson_t *pipeline;
};

/* Computed afresh, as long as the server may take for an answer. A fraction is dropped. */
enum err total_now(struct db *db, struct arena *arena, const struct total *total, int64_t *value);

#endif
