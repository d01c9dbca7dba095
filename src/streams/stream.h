/*
 * Open streams, and the hub that knows them by their users. All of it belongs to the loop.
 *
 * What a reader has not taken is kept in memory. One that stays behind by STREAM_PENDING_MAX for STREAM_BEHIND_S is
 * dropped, so that it costs the others nothing; it may come back and say what it saw last.
 */
#ifndef STREAMS_STREAM_H
#define STREAMS_STREAM_H

#include "auth/caller.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_PENDING_MAX ((size_t)256 * 1024)
#define STREAM_BEHIND_S 5
/* One that is behind by this is dropped at once. */
#define STREAM_PENDING_CUT ((size_t)4 * 1024 * 1024)
/* The most that all streams together may have pending; above it those that are far behind are dropped. */
#define STREAM_PENDING_ALL ((size_t)64 * 1024 * 1024)
#define STREAM_BEAT_S 15
/* How many one user may have in a process: nobody needs more, and others need the room. */
#define STREAMS_A_USER 20

struct evhttp_request;
struct hub;
struct stream;

struct hub *hub_new(void);
/* Every stream must have been ended, and no job may hold one. NULL is fine. */
void hub_free(struct hub *hub);
/* How many are open. */
size_t hub_count(const struct hub *hub);

/* How many a user has. */
size_t hub_count_of(struct hub *hub, const struct id *user);
/* Writes to every stream of a user; to every stream. */
void hub_tell(struct hub *hub, const struct id *user, const char *bytes, size_t length);
void hub_tell_all(struct hub *hub, const char *bytes, size_t length);

/* To be called every second: each stream gets its comment every STREAM_BEAT_S. */
void hub_tick(struct hub *hub);

/* The user of each stream, as many as hub_count(), for the caller to free. */
struct id *hub_users(struct hub *hub);
/* Ends every stream for which the test is true. Times are seconds since 1970. */
typedef bool (*stream_test)(void *context, const struct id *user, int64_t issued_at,
			    int64_t expires_at);
void hub_end_where(struct hub *hub, stream_test test, void *context);
void hub_end_all(struct hub *hub);

/* The headers of a stream's answer. */
void stream_add_headers(struct evhttp_request *request);

/*
 * Opens a stream for this caller: the answer begins, with these bytes. It is told what comes from now on; with
 * holding, that waits until stream_go_on().
 */
struct stream *stream_open(struct hub *hub, struct evhttp_request *request,
			   const struct caller *caller, const struct buffer *begin, bool holding);

/* Must be called exactly once for a stream that was opened holding, even when its reader has left. Writes what was
 * missed and then what was held; with `ends` it ends the stream instead. */
void stream_go_on(struct stream *stream, const char *missed, size_t length, bool ends);

#endif
