#include "http/fcgi.h"

#include "base/log.h"
#include "http/acceptor.h"
#include "http/cgi.h"
#include "http/queue.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/*
 * How libfcgi is used: a thread that got a readable connection puts its descriptor into the
 * FCGX_Request, and FCGX_Accept_r then skips accepting and reads a request from there. When the
 * request is broken it closes the descriptor and would accept another connection; it is given no
 * listening socket, so that this fails at once. In all other cases the descriptor is taken back.
 */
#define NO_SOCKET (-1)

struct pool {
	const struct fcgi_server *server;
	struct acceptor *acceptor;
	struct queue ready, refused;
	sem_t started; /* posted by each thread when its start has succeeded or failed */
	struct worker *workers;
	size_t count; /* of those whose thread was made */
};

struct worker {
	struct pool *pool;
	struct queue *source;
	bool refuses; /* the last worker answers those whom the queue did not hold */
	bool failed;
	pthread_t thread;
	FCGX_Request fcgi;
	struct request rq;
	struct buffer head;
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

/*
 * A client may leave or stall anywhere in a request. libfcgi tells so by failing; but where that
 * happens between two parameters, only by an error that it leaves in the stream. Without a look at
 * that the missing ones would be blamed on the web server.
 */
static bool read_request(struct worker *w, struct connection *connection)
{
	FCGX_Request *fcgi = &w->fcgi;
	size_t announced;

	fcgi->ipcFd = connection->lent;
	/* Or FCGX_Accept_r would take it for the last request's and close it. */
	fcgi->keepConnection = 1;
	/* Or a close would wait up to 2 s for the client to close first. */
	FCGX_Detach(fcgi);
	if (FCGX_Accept_r(fcgi) != 0) {
		connection->lent = -1;
		return false;
	}
	return FCGX_GetError(fcgi->in) == 0 && cgi_read_params(&w->rq, fcgi->envp, &announced) &&
	       read_body(&w->rq, fcgi->in, announced);
}

/* --- answering --- */

/* Small answers leave in one write: libfcgi collects 8 KiB, and its closing records with them. */
static void write_answer(struct worker *w)
{
	const struct request *rq = &w->rq;

	buffer_reset(&w->head);
	cgi_write_head(&w->head, rq);
	FCGX_PutStr(w->head.bytes, (int)w->head.length, w->fcgi.out);
	if (cgi_sends_body(rq))
		FCGX_PutStr(rq->out.bytes, (int)rq->out.length, w->fcgi.out);
}

/* Asks nothing of the service, so that refusing is cheap when there is much to refuse. */
static void refuse(struct request *rq)
{
	const struct err_row *row = err_row(ERR_UNAVAILABLE);
	struct json *json = respond(rq, row->status);

	json_text(json, "error", row->sentence);
	json_text(json, "message", row->sentence);
	json_text(json, "code", row->code);
	json_text(json, "requestId", rq->request_id);
	json_finish(json);
	respond_header(rq, "Retry-After", "1");
	log_request(rq->request_id, rq->method, "(queue full)", row->status, 0);
}

static void answer(struct worker *w)
{
	const struct fcgi_server *server = w->pool->server;

	if (w->refuses)
		refuse(&w->rq);
	else
		server->handle(server->context, &w->rq);
	write_answer(w);
}

/* Sends what is left of the answer. false when the client left, or asked for a single answer. */
static bool finish(FCGX_Request *fcgi)
{
	FCGX_FClose(fcgi->err); /* always empty; before the other it costs no write */
	return FCGX_FClose(fcgi->out) == 0 && fcgi->keepConnection;
}

static bool serve(struct worker *w, struct connection *connection)
{
	bool keep = false;

	if (read_request(w, connection)) {
		answer(w);
		keep = finish(&w->fcgi);
	}
	request_reset(&w->rq); /* before libfcgi frees the texts it points to */
	w->fcgi.ipcFd = -1;
	FCGX_Free(&w->fcgi, 0);
	return keep;
}

/* --- threads --- */

static bool worker_start(struct worker *w)
{
	const struct fcgi_server *server = w->pool->server;

	FCGX_InitRequest(&w->fcgi, NO_SOCKET, 0);
	w->rq.arena = arena_new();
	if (!w->refuses) {
		w->rq.thread = server->start(server->context);
		w->failed = !w->rq.thread;
	}
	sem_post(&w->pool->started);
	return !w->failed;
}

static void *worker_run(void *argument)
{
	struct worker *w = argument;
	struct acceptor *acceptor = w->pool->acceptor;
	struct connection *connection;

	if (worker_start(w)) {
		while ((connection = queue_pop(w->source)) != NULL) {
			if (serve(w, connection))
				acceptor_keep(acceptor, connection);
			else
				acceptor_close(acceptor, connection);
		}
		if (!w->refuses)
			w->pool->server->stop(w->rq.thread);
	}
	arena_free(w->rq.arena);
	buffer_free(&w->rq.out);
	buffer_free(&w->rq.headers);
	buffer_free(&w->head);
	return NULL;
}

/* Makes the threads and waits until each can serve. */
static bool pool_start(struct pool *pool)
{
	size_t wanted = (size_t)pool->server->threads + 1;
	bool all = true;

	for (; pool->count < wanted; pool->count++) {
		struct worker *w = &pool->workers[pool->count];
		w->pool = pool;
		w->refuses = pool->count == wanted - 1;
		w->source = w->refuses ? &pool->refused : &pool->ready;
		int error = pthread_create(&w->thread, NULL, worker_run, w);
		if (error) {
			log_line(LOG_ERROR, NULL, "A thread cannot be made: %s", strerror(error));
			return false;
		}
	}
	for (size_t i = 0; i < pool->count; i++)
		while (sem_wait(&pool->started) != 0)
			continue;
	for (size_t i = 0; i < pool->count; i++)
		all = all && !pool->workers[i].failed;
	if (!all)
		log_line(LOG_ERROR, NULL, "Not every thread could be started");
	return all;
}

static void pool_end(struct pool *pool)
{
	queue_close(&pool->ready);
	queue_close(&pool->refused);
	for (size_t i = 0; i < pool->count; i++)
		pthread_join(pool->workers[i].thread, NULL);
	queue_destroy(&pool->ready);
	queue_destroy(&pool->refused);
	sem_destroy(&pool->started);
	free(pool->workers);
}

static int pool_run(struct pool *pool)
{
	const struct fcgi_server *server = pool->server;

	if (!pool_start(pool))
		return -1;
	if (server->ready)
		server->ready(server->context);
	return acceptor_run(pool->acceptor, FCGI_DRAIN_MS);
}

void fcgi_block_signals(void)
{
	acceptor_block_signals();
}

int fcgi_serve(const struct fcgi_server *server, int listen_fd)
{
	struct pool pool = { .server = server };

	queue_init(&pool.ready, (size_t)server->queue);
	queue_init(&pool.refused, SIZE_MAX); /* in effect the number of connections */
	sem_init(&pool.started, 0, 0);
	pool.workers = calloc((size_t)server->threads + 1, sizeof(*pool.workers));
	if (!pool.workers)
		abort();

	int result = -1;
	/* First: it blocks the signals for which FCGX_Init would set handlers. */
	pool.acceptor = acceptor_new(listen_fd, &pool.ready, &pool.refused);
	if (pool.acceptor && FCGX_Init() == 0)
		result = pool_run(&pool);
	pool_end(&pool);
	acceptor_free(pool.acceptor);
	return result;
}
