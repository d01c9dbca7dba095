/*
 * microtask-events as a whole: HTTP on an inherited socket, one loop for all streams, a pool of threads for what
 * asks the database, and a watcher.
 */
#ifndef STREAMS_SERVER_H
#define STREAMS_SERVER_H

#include "base/config.h"
#include "store/store.h"

/* Connections to MongoDB that it needs. */
#define STREAMS_CONNECTIONS 5

/*
 * Serves listen_fd until SIGTERM or SIGINT, then ends every stream. Call it before any other thread exists, or
 * process_block_signals() before those. Returns 0, or -1 with a logged reason.
 */
int streams_serve(const struct config *config, struct store *store, int listen_fd);

#endif
