/*
 * A FastCGI server. The threads of pool.c wait together for connections that can be read (acceptor.h), and serve each
 * request by the functions of worker.h. So an idle connection holds no thread, nor does one whose request comes piece
 * by piece (records.h). While all others serve, the last thread queues what comes (idle.h). What finds the queue full
 * is answered 503 at once, by a further thread. A call that needs a turn (base/turn.h) waits for it in a bulkhead,
 * without a thread, and goes on in one of the bulkhead's.
 *
 * SIGTERM or SIGINT ends accepting. The connections that exist are served until nginx closes them, which its
 * keepalive_time bounds. After FCGI_DRAIN_MS those that are idle or half-sent are ended, but never a request that is
 * being served.
 *
 * Whatever a peer sends, at most its own connection ends. That happens also to one that sends a second request before
 * it has the answer to the first.
 */
#ifndef SERVER_FCGI_H
#define SERVER_FCGI_H

#include "base/turn.h"
#include "http/request.h"
#include "server/bulkhead.h"

#define FCGI_DRAIN_MS 4500

struct fcgi_server {
	int threads; /* how many requests may be served at once, at least 1; one thread more is made */
	int queue; /* ready connections that may wait for a thread; at least 1 */
	const struct bulkhead_limits *bulkheads; /* TURN_COUNT of them; NULL: there are none */
	struct app *app; /* becomes rq->app */
	/* Called in each thread before its first and after its last request. start returns what becomes rq->db; NULL
	 * ends the server. */
	struct db *(*start)(struct app *app);
	void (*stop)(struct db *db);
	/* Answers rq, whose method, uri and request_id are not NULL and whose body is whole, and returns TURN_NONE. Or
	 * returns the turn that rq needs first; then one of the next two is called, in another thread. */
	enum turn (*handle)(struct request *rq);
	/* Answers rq, in its turn. */
	void (*resume)(struct request *rq);
	/* Answers rq that it may come back after so many seconds; 0: its client has left. */
	void (*turn_away)(struct request *rq, int seconds);
	/* Whose share the turn is taken from. These three are not NULL where there are bulkheads. */
	struct fair_key (*share)(const struct request *rq);
	/* Called once when connections are being taken; may be NULL. */
	void (*ready)(void);
};

/*
 * Serves listen_fd (inherited as descriptor 0) until a signal; it is made non-blocking and stays
 * open. Call it before any other thread exists, or process_block_signals() before those.
 * Returns 0 after a clean drain, -1 with a logged reason otherwise.
 */
int fcgi_serve(const struct fcgi_server *server, int listen_fd);

#endif
