#include "streams/loop.h"

#include "api/stream.h"
#include "auth/caller.h"
#include "auth/ticket.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/pipeline.h"
#include "http/request.h"
#include "http/route.h"
#include "streams/frame.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Readers that lost their streams together had better not come back together. */
enum { RETRY_MS_LEAST = 1000, RETRY_MS_SPREAD = 2000 };

struct admission {
	struct job job; /* first */
	struct loop *loop;
	struct evhttp_request *request;
	/* of the request, as it came; NULL: absent */
	const char *method;
	char *uri, *authorization, *request_id, *last_event_id;
	/* what came of it */
	int status;
	struct caller caller; /* its id and its token's times */
	struct buffer headers, body;
};

/* ---- in the pool: who asks? ---- */

struct asked {
	struct request rq; /* first, so that it leads to the others */
	struct admission *admission;
	struct pool *pool;
};

static struct admission *admission_of(struct request *rq)
{
	return ((struct asked *)rq)->admission;
}

static bool wait_for_database(struct request *rq)
{
	return pool_wait(((struct asked *)rq)->pool, &admission_of(rq)->job);
}

static const struct stream_query *query_of(struct request *rq)
{
	struct faults faults = { .count = 0 };

	return schema_decode_query(rq->arena, &stream_schema, rq->query, &faults);
}

static enum err identify(struct request *rq, const char *token)
{
	const char *ticket = token ? NULL : query_of(rq)->ticket;

	if (token)
		return caller_read(rq->db, rq->arena, rq->app->config, token, rq->now, &rq->caller);
	return ticket ? ticket_redeem(rq->db, rq->arena, ticket, rq->now, &rq->caller) :
			ERR_UNAUTHORIZED;
}

/* Who sends no token may have a ticket. And as a reader would only come again, the database is waited for. */
static enum err authenticate(struct request *rq, const char *token)
{
	enum err err;

	do {
		err = identify(rq, token);
	} while (err == ERR_UNAVAILABLE && wait_for_database(rq));
	return err;
}

static enum err admit(struct request *rq)
{
	const struct stream_query *query = rq->query_input;
	struct admission *admission = admission_of(rq);

	/* Until then nothing tells a new stream of what is committed. */
	while (!admission->loop->watching)
		if (!wait_for_database(rq))
			return ERR_UNAVAILABLE;
	if (!admission->last_event_id && query->last_event_id)
		admission->last_event_id = memory_text(query->last_event_id);
	respond(rq);
	return OK;
}

/* The one call that this program answers; microtaskd's table has it, too. */
static const struct route rows[] = {
	{ GET, "/notifications/stream", ACCESS_ANY, .query = &stream_schema, .flags = ALWAYS_OPEN,
	  .handler = admit },
};

static void admission_work(struct job *job, struct pool_thread *thread)
{
	struct admission *admission = (struct admission *)job;
	struct app app = {
		.routes = ROUTES_OF(rows),
		.config = admission->loop->config,
		.authenticate = authenticate,
	};
	struct asked asked = {
		.admission = admission,
		.pool = thread->pool,
		.rq = { .app = &app,
			.db = thread->db,
			.arena = thread->arena,
			.method = admission->method,
			.uri = admission->uri,
			.authorization = admission->authorization,
			.request_id = admission->request_id ? admission->request_id :
							      request_id_new(thread->arena) },
	};
	struct request *rq = &asked.rq;

	pipeline_run(rq);
	admission->status = rq->status;
	admission->caller = (struct caller){ .id = rq->caller.id,
					     .issued_at = rq->caller.issued_at,
					     .expires_at = rq->caller.expires_at };
	admission->headers = rq->headers;
	admission->body = rq->out;
}

/* ---- in the loop: the answer ---- */

static void admission_free(struct admission *admission)
{
	buffer_free(&admission->headers);
	buffer_free(&admission->body);
	free(admission->uri);
	free(admission->authorization);
	free(admission->request_id);
	free(admission->last_event_id);
	free(admission);
}

/* Lines "Name: value\r\n". */
static void add_headers(struct evkeyvalq *headers, char *line)
{
	for (char *end; line && (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
		char *value = strstr(line, ": ");

		if (!value || value > end)
			continue;
		*value = *end = '\0';
		evhttp_add_header(headers, line, value + 2);
	}
}

static bool is_head(const struct admission *admission)
{
	return strcmp(admission->method, "HEAD") == 0;
}

static void admission_refuse(struct admission *admission)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(admission->request);
	struct evbuffer *body = evbuffer_new();
	char length[24];

	if (!body)
		abort();
	add_headers(headers, admission->headers.bytes);
	evhttp_add_header(headers, "Content-Type", "application/json; charset=utf-8");
	snprintf(length, sizeof length, "%zu", admission->body.length);
	evhttp_add_header(headers, "Content-Length", length);
	if (!is_head(admission))
		evbuffer_add(body, admission->body.bytes, admission->body.length);
	evhttp_send_reply(admission->request, admission->status, NULL, body);
	evbuffer_free(body);
}

static void answer_head(struct evhttp_request *request)
{
	stream_add_headers(request);
	evhttp_send_reply(request, 200, "OK", NULL);
}

static void open_stream(struct admission *admission)
{
	struct loop *loop = admission->loop;
	const char *last = admission->last_event_id;
	bool resumes = frame_id_read(last, &(struct id){ 0 }, &(int64_t){ 0 }) != FRAME_ID_NONE;
	struct buffer begin = { 0 };

	frame_begin(&begin, RETRY_MS_LEAST + (int)arc4random_uniform(RETRY_MS_SPREAD));
	if (!resumes)
		frame_resume_point(&begin, clock_now());
	struct stream *stream =
		stream_open(loop->hub, admission->request, &admission->caller, &begin, resumes);
	buffer_free(&begin);
	if (resumes)
		catch_up_begin(loop, stream, &admission->caller.id, last);
}

/* Told without the pool, so that refusing is cheap when there is much to refuse. */
static void refuse_with(struct admission *admission, enum err err, struct err_detail detail,
			const char *why)
{
	struct request rq = { .arena = arena_new(),
			      .request_id = admission->request_id ? admission->request_id : "-",
			      .detail = detail };

	answer_refusal(&rq, err);
	log_request(rq.request_id, admission->method, why, rq.status, 0);
	buffer_free(&admission->headers);
	buffer_free(&admission->body);
	admission->status = rq.status;
	admission->headers = rq.headers;
	admission->body = rq.out;
	arena_free(rq.arena);
	admission_refuse(admission);
}

static void refuse_unheard(struct admission *admission, const char *why)
{
	refuse_with(admission, ERR_UNAVAILABLE, (struct err_detail){ 0 }, why);
}

/*
 * Rather than to close the oldest: its reader would come back and close the next, for ever. The time to wait is that
 * in which a reader who is gone is noticed as a rule, as a comment cannot be written to it.
 */
static void refuse_one_more(struct admission *admission)
{
	const struct err_detail detail = {
		.sentence = "You have as many streams open as one may have.",
		.retry_after = STREAM_BEAT_S,
	};

	refuse_with(admission, ERR_TOO_MANY_REQUESTS, detail, "(too many of one user)");
}

static bool has_enough(const struct admission *admission)
{
	return hub_count_of(admission->loop->hub, &admission->caller.id) >= STREAMS_A_USER;
}

static void admission_answer(struct admission *admission)
{
	admission->loop->arriving--;
	if (admission->job.late)
		refuse_unheard(admission, "(too late)");
	else if (admission->status != 200)
		admission_refuse(admission);
	else if (has_enough(admission))
		refuse_one_more(admission);
	else if (is_head(admission))
		answer_head(admission->request);
	else
		open_stream(admission);
}

static void admission_handle(struct message *message, bool over)
{
	struct admission *admission = (struct admission *)message;

	if (!over)
		admission_answer(admission);
	admission_free(admission);
}

/* ---- in the loop: the request ---- */

static const char *method_of(const struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	default:
		return "another"; /* the web server sends those to microtaskd */
	}
}

static char *header_copy(struct evhttp_request *request, const char *name)
{
	const char *value = evhttp_find_header(evhttp_request_get_input_headers(request), name);

	return value && *value ? memory_text(value) : NULL;
}

/*
 * The address as the caller wrote it. The web server asks for one and the same and passes that in a header, as libevent
 * refuses some that it cannot take apart, and not in our words.
 */
static char *uri_copy(struct evhttp_request *request)
{
	char *uri = header_copy(request, "X-Request-Uri");

	return uri ? uri : memory_text(evhttp_request_get_uri(request));
}

static bool is_full(const struct loop *loop)
{
	return hub_count(loop->hub) + loop->arriving >= loop->streams_max;
}

void admission_begin(struct loop *loop, struct evhttp_request *request)
{
	struct admission *admission = memory_new(sizeof *admission);

	*admission = (struct admission){
		.job = { .message = { .handle = admission_handle },
			 .work = admission_work,
			 .until = clock_steady() + LOOP_PATIENCE_MS },
		.loop = loop,
		.request = request,
		.method = method_of(request),
		.uri = uri_copy(request),
		.authorization = header_copy(request, "Authorization"),
		.request_id = header_copy(request, "X-Request-Id"),
		.last_event_id = header_copy(request, "Last-Event-ID"),
	};
	if (is_full(loop)) {
		refuse_unheard(admission, "(too many streams)");
		admission_free(admission);
		return;
	}
	loop->arriving++;
	pool_send(loop->pool, &admission->job);
}
