#include "server/worker.h"

#include "base/log.h"
#include "base/memory.h"
#include "http/cgi.h"
#include "server/acceptor.h"
#include "server/output.h"

#include <stdlib.h>

struct worker {
	struct request rq;
	struct buffer head;
	/* of the records that the request came in */
	unsigned id;
	bool keeps; /* does the peer keep the connection for further requests? */
};

/* --- reading --- */

/* false unless exactly the announced bytes came: then the client left, or means harm. */
static bool read_body(struct request *rq, const struct records *records, size_t announced)
{
	if (records->body != announced)
		return false;
	rq->body_too_large |= announced > REQUEST_BODY_MAX;
	if (announced > 0 && !rq->body_too_large) {
		char *body = arena_alloc(rq->arena, announced);

		records_body(records, body);
		rq->body = body;
		rq->body_length = announced;
	}
	return true;
}

static bool read_request(struct worker *w, struct params_reader *reader,
			 const struct records *records)
{
	char *const *entries = params_read(reader, records, w->rq.arena);
	size_t announced;

	w->id = records->id;
	w->keeps = records->keeps;
	return entries && cgi_read_params(&w->rq, entries, &announced) &&
	       read_body(&w->rq, records, announced);
}

enum records_state worker_read(struct worker *w, struct params_reader *reader,
			       struct connection *connection)
{
	enum records_state state = records_read(&connection->records, connection->fd);

	if (state != RECORDS_WHOLE)
		return state;
	bool sound = read_request(w, reader, &connection->records);
	records_reset(&connection->records);
	return sound ? RECORDS_WHOLE : RECORDS_BROKEN;
}

/* --- answering --- */

/* Calls none of the server's functions, so that refusing is cheap when there is much to refuse. */
void worker_refuse(struct worker *w)
{
	struct request *rq = &w->rq;
	const struct err_row *row = err_row(ERR_UNAVAILABLE);
	struct json *json = respond_status(rq, row->status);

	json_text(json, "error", row->sentence);
	json_text(json, "message", row->sentence);
	json_text(json, "code", row->code);
	json_text(json, "requestId", rq->request_id);
	json_finish(json);
	respond_header(rq, "Retry-After", "1");
	log_request(rq->request_id, rq->method, "(queue full)", row->status, 0);
}

bool worker_send(struct worker *w, const struct connection *connection)
{
	static const struct buffer none;
	const struct request *rq = &w->rq;

	buffer_reset(&w->head);
	cgi_write_head(&w->head, rq);
	return output_send(connection->fd, w->id, &w->head,
			   cgi_sends_body(rq) ? &rq->out : &none) &&
	       w->keeps;
}

/* --- workers --- */

struct worker *worker_new(void)
{
	struct worker *w = memory_new(sizeof(*w));

	w->rq.arena = arena_new();
	return w;
}

void worker_free(struct worker *w)
{
	arena_free(w->rq.arena);
	buffer_free(&w->rq.out);
	buffer_free(&w->rq.headers);
	buffer_free(&w->head);
	free(w);
}

struct request *worker_request(struct worker *w)
{
	return &w->rq;
}

void worker_reset(struct worker *w)
{
	request_reset(&w->rq);
}
