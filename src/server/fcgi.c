#include "server/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/cgi.h"
#include "server/acceptor.h"

#include <fcgiapp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * How libfcgi is used: a thread that got a readable connection takes what has come, and gives it back unless a request
 * is whole and sound (records.h). The request's bytes are given to libfcgi as a file: FCGX_Accept_r skips accepting
 * where the FCGX_Request has a descriptor, and reads from that. Then the connection's takes its place for the answer.
 * Should libfcgi think a request broken, it closes the file and would accept a connection; it is given no listening
 * socket, so that this fails at once.
 */
#define NO_SOCKET (-1)

struct worker {
	FCGX_Request fcgi;
	struct request rq;
	struct buffer head;
	int64_t until; /* when the peer must have taken the answer, in steady milliseconds */
};

/* --- reading --- */

/*
 * Reads to the end of the stream in any case: what stays unread would be taken for the next
 * request. false unless exactly the announced bytes arrive: then the client left, or means harm.
 */
static bool read_body(struct request *rq, FCGX_Stream *in, size_t announced)
{
	char rest[4096];
	size_t got = 0;
	int count;

	rq->body_too_large |= announced > REQUEST_BODY_MAX;
	if (announced > 0 && !rq->body_too_large) {
		char *body = arena_alloc(rq->arena, announced);
		got = (size_t)FCGX_GetStr(body, (int)announced, in);
		rq->body = body;
		rq->body_length = announced;
	}
	while ((count = FCGX_GetStr(rest, sizeof(rest), in)) > 0)
		got += (size_t)count;
	return got == announced && FCGX_GetError(in) == 0;
}

static bool read_request(struct worker *w, const struct connection *connection)
{
	FCGX_Request *fcgi = &w->fcgi;
	size_t announced;
	int file = records_file(&connection->records);

	if (file < 0)
		return false;
	fcgi->ipcFd = file;
	/* Or FCGX_Accept_r would take it for the last request's and close it. */
	fcgi->keepConnection = 1;
	/* Or a close would wait up to 2 s for the client to close first. */
	FCGX_Detach(fcgi);
	if (FCGX_Accept_r(fcgi) != 0)
		return false;
	bool whole = FCGX_GetError(fcgi->in) == 0 &&
		     cgi_read_params(&w->rq, fcgi->envp, &announced) &&
		     read_body(&w->rq, fcgi->in, announced);
	close(file);
	fcgi->ipcFd = connection->fd;
	return whole;
}

enum records_state worker_read(struct worker *w, struct connection *connection)
{
	enum records_state state = records_read(&connection->records, connection->fd);

	if (state != RECORDS_WHOLE)
		return state;
	bool sound = read_request(w, connection);
	records_reset(&connection->records);
	return sound ? RECORDS_WHOLE : RECORDS_BROKEN;
}

/* --- answering --- */

/* How much libfcgi collects before it writes, so that a small answer and its closing records leave in one write. */
#define PIECE_SIZE ((size_t)8 * 1024)

/*
 * A peer that takes a little now and then must not keep the thread: what is not taken in time ends the connection. A
 * single write may have been cut short by the same time-out, and libfcgi would not notice.
 */
static void write_bytes(struct worker *w, const struct buffer *bytes)
{
	size_t at = 0;

	while (at < bytes->length && clock_steady() < w->until) {
		size_t left = bytes->length - at;
		size_t piece = left < PIECE_SIZE ? left : PIECE_SIZE;

		FCGX_PutStr(bytes->bytes + at, (int)piece, w->fcgi.out);
		at += piece;
	}
	if (at < bytes->length)
		shutdown(w->fcgi.ipcFd, SHUT_RDWR);
}

static void write_answer(struct worker *w)
{
	const struct request *rq = &w->rq;

	w->until = clock_steady() + CONNECTION_PATIENCE_MS;
	buffer_reset(&w->head);
	cgi_write_head(&w->head, rq);
	write_bytes(w, &w->head);
	if (cgi_sends_body(rq))
		write_bytes(w, &rq->out);
}

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

/* Sends what is left of the answer. false when the client left, or asked for a single answer. */
static bool finish(struct worker *w)
{
	FCGX_Request *fcgi = &w->fcgi;

	FCGX_FClose(fcgi->err); /* always empty; before the other it costs no write */
	return FCGX_FClose(fcgi->out) == 0 && fcgi->keepConnection && clock_steady() < w->until;
}

bool worker_send(struct worker *w)
{
	write_answer(w);
	return finish(w);
}

/* --- workers --- */

bool worker_library_start(void)
{
	return FCGX_Init() == 0;
}

struct worker *worker_new(void)
{
	struct worker *w = memory_new(sizeof(*w));

	w->rq.arena = arena_new();
	FCGX_InitRequest(&w->fcgi, NO_SOCKET, 0);
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
	request_reset(&w->rq); /* before libfcgi frees the texts it points to */
	w->fcgi.ipcFd = -1;
	FCGX_Free(&w->fcgi, 0);
}
