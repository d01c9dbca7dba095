#include "streams/stream.h"

#include "base/encoding.h"
#include "base/log.h"
#include "base/memory.h"
#include "streams/frame.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/time.h>

#define BUCKETS 8192 /* a power of two */
/* A reader that takes nothing for so long is gone, whatever its connection says. */
#define WRITE_TIMEOUT_S 30
/* A reader has nothing to say: more than this is not even read. */
#define READ_MAX 4096
/* When all together are too far behind, streams with more than this pending are dropped. */
#define PENDING_HOG ((size_t)32 * 1024)

struct stream {
	struct hub *hub;
	struct evhttp_request *request; /* NULL: it has ended and waits for stream_go_on() */
	struct id user;
	int64_t issued_at, expires_at; /* of the token */
	struct evbuffer *held; /* NULL: nothing is held */
	int behind; /* for how many seconds it has had too much pending */
	size_t opened; /* the hub's `second` at that moment */
	LIST_ENTRY(stream) of_bucket, of_all;
};

LIST_HEAD(stream_list, stream);

struct hub {
	struct stream_list buckets[BUCKETS]; /* by user */
	struct stream_list all;
	size_t count, second;
	struct evbuffer *scratch; /* always empty between calls */
};

/* As the BSDs have it: the body may end the stream that it has. */
#define LIST_FOREACH_SAFE(stream, list, of, next)                                       \
	for (stream = LIST_FIRST(list); stream && (next = LIST_NEXT(stream, of), true); \
	     stream = next)

static struct evbuffer *buffer_made(void)
{
	struct evbuffer *buffer = evbuffer_new();

	if (!buffer)
		abort();
	return buffer;
}

struct hub *hub_new(void)
{
	struct hub *hub = memory_new(sizeof *hub);

	hub->scratch = buffer_made();
	return hub;
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	evbuffer_free(hub->scratch);
	free(hub);
}

size_t hub_count(const struct hub *hub)
{
	return hub->count;
}

static struct stream_list *bucket_of(struct hub *hub, const struct id *user)
{
	return &hub->buckets[hash_bytes(user->bytes, sizeof user->bytes) & (BUCKETS - 1)];
}

/* ---- ending ---- */

/* Its request is no longer ours. The memory goes when nothing more is to come. */
static void forget(struct stream *stream)
{
	LIST_REMOVE(stream, of_bucket);
	LIST_REMOVE(stream, of_all);
	stream->hub->count--;
	stream->request = NULL;
	if (!stream->held)
		free(stream);
}

/* The connection is going down, and left the request to us. */
static void reader_left(struct evhttp_connection *connection, void *context)
{
	struct stream *stream = context;

	(void)connection;
	evhttp_request_free(stream->request);
	forget(stream);
}

/* In good order: what is pending is sent, then the answer ends. */
static void stream_end(struct stream *stream)
{
	struct evhttp_request *request = stream->request;

	evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
	forget(stream);
	evhttp_send_reply_end(request);
}

static void stream_drop(struct stream *stream)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(stream->request);

	log_line(LOG_INFO, NULL, "A stream was dropped: its reader is too far behind");
	evhttp_connection_set_closecb(connection, NULL, NULL);
	forget(stream);
	evhttp_connection_free(connection); /* and the request with it */
}

/* ---- writing ---- */

static size_t pending_of(const struct stream *stream)
{
	struct bufferevent *pipe =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(stream->request));
	size_t pending = evbuffer_get_length(bufferevent_get_output(pipe));

	return pending + (stream->held ? evbuffer_get_length(stream->held) : 0);
}

static void send_now(struct stream *stream, const char *bytes, size_t length)
{
	struct evbuffer *scratch = stream->hub->scratch;

	evbuffer_add(scratch, bytes, length);
	evhttp_send_reply_chunk(stream->request, scratch);
	evbuffer_drain(scratch, evbuffer_get_length(scratch));
}

/* false: it was dropped. */
static bool stream_write(struct stream *stream, const char *bytes, size_t length)
{
	if (stream->held)
		evbuffer_add(stream->held, bytes, length);
	else
		send_now(stream, bytes, length);

	bool fits = pending_of(stream) <= STREAM_PENDING_CUT;
	if (!fits)
		stream_drop(stream);
	return fits;
}

void stream_go_on(struct stream *stream, const char *missed, size_t length, bool ends)
{
	struct evbuffer *held = stream->held;

	stream->held = NULL;
	if (!stream->request) {
		free(stream);
	} else if (ends) {
		stream_end(stream);
	} else {
		if (length)
			send_now(stream, missed, length);
		evhttp_send_reply_chunk(stream->request, held);
	}
	evbuffer_free(held);
}

void stream_add_headers(struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Content-Type", "text/event-stream; charset=utf-8");
	/* For proxies on the way: not to cache it, compress it, or collect some of it before passing it on. */
	evhttp_add_header(headers, "Cache-Control", "no-store, no-transform");
	evhttp_add_header(headers, "X-Accel-Buffering", "no");
	evhttp_add_header(headers, "Connection", "close");
}

static void begin_answer(struct stream *stream, const struct buffer *begin)
{
	static const struct timeval write_timeout = { .tv_sec = WRITE_TIMEOUT_S };
	struct evhttp_connection *connection = evhttp_request_get_connection(stream->request);
	struct bufferevent *pipe = evhttp_connection_get_bufferevent(connection);

	stream_add_headers(stream->request);
	evhttp_send_reply_start(stream->request, 200, "OK");
	evhttp_connection_set_closecb(connection, reader_left, stream);
	bufferevent_setwatermark(pipe, EV_READ, 0, READ_MAX);
	bufferevent_set_timeouts(pipe, NULL, &write_timeout);
	send_now(stream, begin->bytes, begin->length);
}

struct stream *stream_open(struct hub *hub, struct evhttp_request *request,
			   const struct caller *caller, const struct buffer *begin, bool holding)
{
	struct stream *stream = memory_new(sizeof *stream);

	stream->hub = hub;
	stream->request = request;
	stream->user = caller->id;
	stream->issued_at = caller->issued_at;
	stream->expires_at = caller->expires_at;
	stream->opened = hub->second;
	LIST_INSERT_HEAD(bucket_of(hub, &caller->id), stream, of_bucket);
	LIST_INSERT_HEAD(&hub->all, stream, of_all);
	hub->count++;
	begin_answer(stream, begin);
	if (holding)
		stream->held = buffer_made();
	return stream;
}

/* ---- all of them ---- */

size_t hub_count_of(struct hub *hub, const struct id *user)
{
	struct stream *stream;
	size_t count = 0;

	LIST_FOREACH(stream, bucket_of(hub, user), of_bucket)
		count += id_equal(&stream->user, user);
	return count;
}

void hub_tell(struct hub *hub, const struct id *user, const char *bytes, size_t length)
{
	struct stream *stream, *next;

	LIST_FOREACH_SAFE(stream, bucket_of(hub, user), of_bucket, next)
		if (id_equal(&stream->user, user))
			stream_write(stream, bytes, length);
}

void hub_tell_all(struct hub *hub, const char *bytes, size_t length)
{
	struct stream *stream, *next;

	LIST_FOREACH_SAFE(stream, &hub->all, of_all, next)
		stream_write(stream, bytes, length);
}

/* What it has pending, once one that has been behind for too long is dropped. */
static size_t look_after(struct stream *stream)
{
	bool beat = (stream->hub->second - stream->opened) % STREAM_BEAT_S == 0;

	if (beat && !stream_write(stream, FRAME_BEAT, strlen(FRAME_BEAT)))
		return 0;
	size_t pending = pending_of(stream);
	stream->behind = pending > STREAM_PENDING_MAX ? stream->behind + 1 : 0;
	if (stream->behind <= STREAM_BEHIND_S)
		return pending;
	stream_drop(stream);
	return 0;
}

void hub_tick(struct hub *hub)
{
	struct stream *stream, *next;
	size_t sum = 0;

	hub->second++;
	LIST_FOREACH_SAFE(stream, &hub->all, of_all, next)
		sum += look_after(stream);
	if (sum <= STREAM_PENDING_ALL)
		return;
	LIST_FOREACH_SAFE(stream, &hub->all, of_all, next)
		if (pending_of(stream) > PENDING_HOG)
			stream_drop(stream);
}

struct id *hub_users(struct hub *hub)
{
	struct id *users = memory_new((hub->count + 1) * sizeof *users);
	struct stream *stream;
	size_t count = 0;

	LIST_FOREACH(stream, &hub->all, of_all)
		users[count++] = stream->user;
	return users;
}

void hub_end_where(struct hub *hub, stream_test test, void *context)
{
	struct stream *stream, *next;

	LIST_FOREACH_SAFE(stream, &hub->all, of_all, next)
		if (test(context, &stream->user, stream->issued_at, stream->expires_at))
			stream_end(stream);
}

void hub_end_all(struct hub *hub)
{
	while (!LIST_EMPTY(&hub->all))
		stream_end(LIST_FIRST(&hub->all));
}
