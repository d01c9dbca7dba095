/*
 * FastCGI: one acceptor thread, a bounded queue, worker threads. fcgi.c alone knows libfcgi.
 *
 * The acceptor waits with epoll for new connections and for kept-alive ones to become readable, and
 * hands those to the threads; so an idle connection pins no thread. What finds the queue full is
 * answered 503 at once by a further thread. SIGTERM (or SIGINT) stops accepting, goes on serving
 * the connections that exist until nginx closes them (its keepalive_time bounds that), and ends
 * what is still idle or half-sent after FCGI_DRAIN_MS, but never what runs.
 *
 * The peer is trusted to be a web server that buffers requests and sends one at a time on a
 * connection: a second one that arrives together with the first would be lost in libfcgi's buffer.
 */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include "http/request.h"

#define FCGI_DRAIN_MS 4500

struct fcgi_server {
	int threads; /* at least 1 */
	int queue; /* ready connections that may wait for a thread; at least 1 */
	void *context;
	/* Called in each thread before its first and after its last request. start returns what
	 * becomes rq->thread; NULL ends the server. */
	void *(*start)(void *context);
	void (*stop)(void *thread);
	/* Answers rq, whose method, uri and request_id are not NULL and whose body is whole. */
	void (*handle)(void *context, struct request *rq);
	/* Called once when connections are being taken; may be NULL. */
	void (*ready)(void *context);
};

/*
 * Serves listen_fd (inherited as descriptor 0) until a signal; it is made non-blocking and stays
 * open. Blocks SIGTERM, SIGINT, SIGPIPE and SIGUSR1; call it before any other thread exists, or
 * fcgi_block_signals() before those.
 * Returns 0 after a clean drain, -1 with a logged reason otherwise.
 */
int fcgi_serve(const struct fcgi_server *server, int listen_fd);

/*
 * Blocks the signals that fcgi_serve() takes. For a program that makes threads before it serves (a
 * MongoDB pool does, for its monitors): a thread that has them open would swallow a SIGTERM.
 */
void fcgi_block_signals(void);

#endif
