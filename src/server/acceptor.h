/*
 * The acceptor has all connections. One thread runs it: that accepts new ones, and waits for signals. All who would
 * serve wait in acceptor_wait() for requests, on one epoll, and each gets what it serves from the kernel.
 *
 * A connection has one owner at a time: the acceptor while it is idle, then the thread that acceptor_wait() gave it to,
 * and whomever that passes it on to. The last of them gives it back with acceptor_keep(), or ends it with
 * acceptor_close().
 */
#ifndef SERVER_ACCEPTOR_H
#define SERVER_ACCEPTOR_H

#include "server/queue.h"
#include "server/records.h"

/* How long a peer may take to send the rest of a request, or to take an answer, before it loses its connection. */
#define CONNECTION_PATIENCE_MS 10000

struct acceptor;

struct connection {
	struct queued queued; /* first; while it waits for a thread */
	int fd; /* the acceptor's, which alone closes it */
	struct records records; /* what has come of a request */
	/* While it waits for the rest of a request: since when, in steady milliseconds. Else 0. */
	int64_t unfinished_since;
	LIST_ENTRY(connection) of_open; /* the acceptor's list of all that are open */
};

/*
 * listen_fd stays the caller's, may be shared with other processes, and becomes non-blocking. Blocks signals
 * (process_block_signals()). NULL with a logged reason.
 */
struct acceptor *acceptor_new(int listen_fd);

/*
 * Runs until a signal has come and no connection is left. From the first SIGTERM or SIGINT on nothing new is accepted,
 * and the connections that exist are served until their clients close them. After drain_ms, or at a second signal,
 * nothing more is read from them: only requests that were read already are served. Returns 0, or -1 with a logged
 * reason.
 */
int acceptor_run(struct acceptor *acceptor, int drain_ms);

/* Waits until a connection can be read, which is the caller's then; NULL once acceptor_end() was called. Who waited
 * last is woken first, so that threads that are not needed stay out of the caches. */
struct connection *acceptor_wait(struct acceptor *acceptor);
/* Ends all waiting, once no connection is left that could come. NULL is fine. */
void acceptor_end(struct acceptor *acceptor);

/* Takes a connection back to wait for its next request. The caller must not touch it any more. */
void acceptor_keep(struct acceptor *acceptor, struct connection *connection);
void acceptor_close(struct acceptor *acceptor, struct connection *connection);

/* Has the client left after its request was read? Always false once reading has ended for all connections. */
bool acceptor_is_left(struct acceptor *acceptor, const struct connection *connection);

/* Closes all connections; no thread may own one any more. NULL is fine. */
void acceptor_free(struct acceptor *acceptor);

#endif
