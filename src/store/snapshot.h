/*
 * Reading much in one snapshot: several queries that all see the data as it was at one moment, while writers go on.
 *
 * A snapshot has a connection of its own, because its queries may take far longer than the answer to a call. After the
 * first error all results end; so it is enough to ask snapshot_error() once, at the end. A run must not take longer
 * than the server keeps the past (minSnapshotHistoryWindowInSeconds, 300 by default).
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "store/store.h"

struct snapshot;

/* A query's results, in order, read in batches. */
struct snapshot_rows;

/* Opens a snapshot that lives as long as the arena and may be read from for max_ms in all (0: as long as it takes).
 * The moment is that of the first query. Never NULL. */
struct snapshot *snapshot_open(struct db *db, struct arena *arena, int64_t max_ms);

/* options: sort, projection, hint. Starts with the first snapshot_next(). */
struct snapshot_rows *snapshot_find(struct snapshot *snapshot, enum collection in,
				    const bson_t *filter, const bson_t *options);
/* pipeline is an array document; large groups and sorts of it may use the server's disk. */
struct snapshot_rows *snapshot_aggregate(struct snapshot *snapshot, enum collection in,
					 const bson_t *pipeline);

/* The next document, which lives until the next call for the same rows; NULL at the end. */
const bson_t *snapshot_next(struct snapshot_rows *rows);

/* OK, or the error that ended the results early. ERR_UNAVAILABLE also when max_ms was over: then snapshot_late() is
 * true. */
enum err snapshot_error(const struct snapshot *snapshot);
bool snapshot_late(const struct snapshot *snapshot);

#endif
