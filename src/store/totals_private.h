/* How a total is computed, for those that keep totals. */
#ifndef STORE_TOTALS_PRIVATE_H
#define STORE_TOTALS_PRIVATE_H

#include "store/totals.h"

#include <mongoc/mongoc.h>

/* Computes it, unless the server needs longer than max_ms for it (*late, OK). */
enum err total_compute(mongoc_client_t *client, const char *database, struct arena *arena,
		       const struct total *total, int64_t max_ms, int64_t *value, bool *late);

#endif
