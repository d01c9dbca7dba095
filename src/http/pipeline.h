/*
 * The way of every request, in one place:
 *
 *   match (404, 405) -> size (413) -> what time is it? (503 until the database was heard) -> caller (401) -> access (403)
 *   -> media type (415) -> ids, query and body (400, unless the key has a kept answer) -> open? (503) -> idempotency
 *   claim -> a turn, if the row needs one (503) -> handler, or change + commit -> answer -> ETag -> log
 *
 * What crosses rooms is handed in: http knows neither users nor MongoDB.
 */
#ifndef HTTP_PIPELINE_H
#define HTTP_PIPELINE_H

#include "http/request.h"
#include "http/route.h"

struct service {
	const struct route *routes;
	size_t route_count;

	/* Fills rq->caller from a bearer token; ERR_UNAUTHORIZED, ERR_TOKEN_EXPIRED, or ERR_UNAVAILABLE. */
	enum err (*authenticate)(struct request *rq, const char *token);
	/* The same for who sends no bearer token, but has other means; NULL: there are none. */
	enum err (*recognise)(struct request *rq);

	/* May calls touch the data? Not asked for rows marked ALWAYS_OPEN. OK or ERR_UNAVAILABLE; NULL: always. */
	enum err (*open)(struct request *rq);

	/* Claims rq->idempotency_key. OK: go on (rq->claim set), or the kept answer stands in rq with
	 * rq->replayed set. ERR_KEY_REUSED, ERR_IN_PROGRESS, ERR_UNAVAILABLE. */
	enum err (*claim)(struct request *rq);
	/* The same for a request that is to be refused, and claims nothing. For its input: a kept answer is older
	 * than what is wrong with that by now. For its caller, of whom rq->caller.id may be all that is known: own,
	 * what this very request did when it was sent before. Without an answer OK, and rq->replayed is not set.
	 * NULL: no row takes keys. */
	enum err (*recall)(struct request *rq, bool own);
	/* Gives the claim back, as nothing happened. */
	void (*release)(struct request *rq);

	/* Builds the route's transaction, commits it and writes its answer, completing the claim with it. */
	enum err (*commit)(struct request *rq);
};

/* Answers rq: always leaves a status and a body. */
void pipeline_run(const struct service *service, struct request *rq);

/*
 * The same in two parts, for calls that wait for a turn in between: the first ends before the row acts. TURN_NONE: rq
 * is answered. Else one of the others follows: its turn has come, or it is turned away with 503 and a Retry-After; 0
 * seconds: nobody is there any more to hear it.
 */
enum turn pipeline_begin(const struct service *service, struct request *rq);
void pipeline_resume(const struct service *service, struct request *rq);
void pipeline_turn_away(const struct service *service, struct request *rq, int seconds);

#endif
