/* How a total is computed, for those that keep totals. */
#ifndef STORE_TOTAL_PRIVATE_H
#define STORE_TOTAL_PRIVATE_H

#include "store/total.h"

#include <mongoc/mongoc.h>

/* Computes it, unless the server needs longer than max_ms for it (*late, OK). */
enum err total_compute(mongoc_client_t *client, const char *database, struct arena *arena,
		       const struct total *total, int64_t max_ms, int64_t *value, bool *late);

/* Counts the records that match a filter of the total, no further than one beyond exact_max. *few: there are not more
 * than that, and *value is their number. */
enum err total_few(struct db *db, struct arena *arena, const struct total *total,
		   const bson_t *filter, int64_t exact_max, int64_t *value, bool *few);

#endif
