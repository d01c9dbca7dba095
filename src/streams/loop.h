/*
 * The loop of microtask-events, which has all streams, and its parts: who is let in, what a reader has missed, who may
 * still listen, and the thread that hears of notifications. What asks the database is done by the pool or by that
 * thread; it comes back to the loop as a message.
 */
#ifndef STREAMS_LOOP_H
#define STREAMS_LOOP_H

#include "base/config.h"
#include "streams/mailbox.h"
#include "streams/pool.h"
#include "streams/stream.h"

#include <stdatomic.h>
#include <stddef.h>

/* How long a request waits for a database that is away: after an error a browser does not try again. */
#define LOOP_PATIENCE_MS 8000

struct loop {
	const struct config *config;
	struct hub *hub;
	struct mailbox *mailbox;
	struct pool *pool;
	size_t streams_max, arriving; /* requests that the pool has */
	/* True once all that is committed later will be told. It stays true, as a watch goes on where it was. */
	atomic_bool watching;
};

/* Answers a request, now or later: with a stream, or with a refusal of the contract's shape. */
void admission_begin(struct loop *loop, struct evhttp_request *request);

/* Reads what a reader who comes back has missed, for a stream that was opened holding; ends with stream_go_on(). last:
 * what the reader says it saw last. */
void catch_up_begin(struct loop *loop, struct stream *stream, const struct id *user,
		    const char *last);

/* How often it is checked who may still listen; so a stream outlives its right to by little more than this. */
#define RECHECK_S 20
/* Checks once: ends the streams of users who are gone, or whose tokens were ended or have expired. */
void recheck_begin(struct loop *loop);

/* The thread that watches the notifications of all users, and has the loop tell them. NULL with a logged reason. */
struct watcher *watcher_start(struct store *store, struct loop *loop);
/* Ends the thread, as soon as the database answers or does not. NULL is fine. */
void watcher_stop(struct watcher *watcher);

#endif
