#include "streams/stream.h"

#include "base/encoding.h"
#include "base/log.h"
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
/* Where all together are too far behind, this is too much for one. */
#define PENDING_HOG ((size_t)32 * 1024)

struct stream {
	struct hub *hub;
	struct evhttp_request *request; /* NULL: it has ended and waits for stream_go_on() */
	struct id user;
	int64_t issued_at, expires_at; /* of the token */
	struct evbuffer *held; /* NULL: nothing is held */
	int behind; /* for how many seconds it has been */
	LIST_ENTRY(stream) of_bucket, of_slot;
};

LIST_HEAD(stream_list, stream);

struct hub {
	struct stream_list buckets[BUCKETS]; /* by user */
	struct stream_list slots[STREAM_BEAT_S]; /* by the second of its comment */
	size_t count, second;
	struct evbuffer *scratch; /* always empty between calls */
};

static struct evbuffer *buffer_made(void)
{
	struct evbuffer *buffer = evbuffer_new();

	if (!buffer)
		abort();
	return buffer;
}

struct hub *hub_new(void)
{
	struct hub *hub = calloc(1, sizeof *hub);

	if (!hub)
		abort();
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
	LIST_REMOVE(stream, of_slot);
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

static void stream_write(struct stream *stream, const char *bytes, size_t length)
{
	if (stream->held)
		evbuffer_add(stream->held, bytes, length);
	else
		send_now(stream, bytes, length);

	if (pending_of(stream) > STREAM_PENDING_CUT)
		stream_drop(stream);
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
	/* Of proxies on the way: none keeps it, presses it together, or gathers some before it passes it on. */
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
	struct stream *stream = calloc(1, sizeof *stream);

	if (!stream)
		abort();
	stream->hub = hub;
	stream->request = request;
	stream->user = caller->id;
	stream->issued_at = caller->issued_at;
	stream->expires_at = caller->expires_at;
	LIST_INSERT_HEAD(bucket_of(hub, &caller->id), stream, of_bucket);
	LIST_INSERT_HEAD(&hub->slots[hub->second % STREAM_BEAT_S], stream, of_slot);
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
	struct stream *stream = LIST_FIRST(bucket_of(hub, user)), *next;

	for (; stream; stream = next) {
		next = LIST_NEXT(stream, of_bucket);
		if (id_equal(&stream->user, user))
			stream_write(stream, bytes, length);
	}
}

/* What is called may end the stream. */
static void hub_each(struct hub *hub, void (*call)(struct stream *stream, void *context),
		     void *context)
{
	for (size_t i = 0; i < STREAM_BEAT_S; i++) {
		struct stream *stream = LIST_FIRST(&hub->slots[i]), *next;

		for (; stream; stream = next) {
			next = LIST_NEXT(stream, of_slot);
			call(stream, context);
		}
	}
}

struct bytes {
	const char *bytes;
	size_t length;
};

static void each_write(struct stream *stream, void *context)
{
	const struct bytes *bytes = context;

	stream_write(stream, bytes->bytes, bytes->length);
}

void hub_tell_all(struct hub *hub, const char *bytes, size_t length)
{
	struct bytes written = { bytes, length };

	hub_each(hub, each_write, &written);
}

/* ---- every second ---- */

static void each_behind(struct stream *stream, void *context)
{
	size_t *sum = context;
	size_t pending = pending_of(stream);

	*sum += pending;
	stream->behind = pending > STREAM_PENDING_MAX ? stream->behind + 1 : 0;
	if (stream->behind > STREAM_BEHIND_S)
		stream_drop(stream);
}

static void each_drop_hog(struct stream *stream, void *context)
{
	(void)context;
	if (pending_of(stream) > PENDING_HOG)
		stream_drop(stream);
}

void hub_tick(struct hub *hub)
{
	size_t sum = 0;

	hub->second++;
	struct stream *stream = LIST_FIRST(&hub->slots[hub->second % STREAM_BEAT_S]), *next;
	for (; stream; stream = next) {
		next = LIST_NEXT(stream, of_slot);
		stream_write(stream, FRAME_BEAT, strlen(FRAME_BEAT));
	}
	hub_each(hub, each_behind, &sum);
	if (sum > STREAM_PENDING_ALL)
		hub_each(hub, each_drop_hog, NULL);
}

/* ---- who listens ---- */

struct gathering {
	struct id *users;
	size_t count;
};

static void each_gather(struct stream *stream, void *context)
{
	struct gathering *gathering = context;

	gathering->users[gathering->count++] = stream->user;
}

struct id *hub_users(struct hub *hub, size_t *count)
{
	struct gathering gathering = { .users = malloc((hub->count + 1) * sizeof(struct id)) };

	if (!gathering.users)
		abort();
	hub_each(hub, each_gather, &gathering);
	*count = gathering.count;
	return gathering.users;
}

struct testing {
	stream_test test;
	void *context;
};

static void each_test(struct stream *stream, void *context)
{
	const struct testing *testing = context;

	if (testing->test(testing->context, &stream->user, stream->issued_at, stream->expires_at))
		stream_end(stream);
}

void hub_end_where(struct hub *hub, stream_test test, void *context)
{
	struct testing testing = { test, context };

	hub_each(hub, each_test, &testing);
}

static void each_end(struct stream *stream, void *context)
{
	(void)context;
	stream_end(stream);
}

void hub_end_all(struct hub *hub)
{
	hub_each(hub, each_end, NULL);
}
