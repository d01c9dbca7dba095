/*
 * The way of every request, in one place:
 *
 *   match (404, 405) -> size (413) -> caller (401) -> access (403) -> media type (415) -> ids, query and body (400)
 *   -> open? (503) -> idempotency claim -> handler, or change + commit -> answer -> ETag -> log
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
	/* Gives the claim back, as nothing happened. */
	void (*release)(struct request *rq);

	/* Builds the route's event, commits it and writes its answer, completing the claim with it. */
	enum err (*commit)(struct request *rq);
};

/* Answers rq: always leaves a status and a body. */
void pipeline_run(const struct service *service, struct request *rq);

#endif
