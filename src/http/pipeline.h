/*
 * The way of every request, in one place:
 *
 *   match (404, 405) -> size (413) -> the time (503 until the primary was heard) -> caller (401) -> access (403)
 *   -> media type (415) -> ids, query and body (400, unless the key has a kept answer) -> open? (503) -> idempotency
 *   claim -> a turn, if the row needs one (503) -> handler -> the answer is kept for the key -> ETag -> log
 *
 * What needs users or MongoDB is handed in as functions (struct service), as http knows neither.
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
	/* The same for a request without a bearer token, which may show in another way who sent it; NULL:
	 * nothing else shows it. */
	enum err (*recognise)(struct request *rq);

	/* May calls touch the data? OK or ERR_UNAVAILABLE. NULL: always. Not called for rows with ALWAYS_OPEN. */
	enum err (*open)(struct request *rq);

	/* Claims rq->idempotency_key. OK: either rq->claim is set, and the call goes on; or rq->replayed is set, and rq
	 * has the answer that was kept. ERR_KEY_REUSED, ERR_IN_PROGRESS, ERR_UNAVAILABLE. */
	enum err (*claim)(struct request *rq);
	/* Looks for a kept answer to a request that is going to be refused, and claims nothing. Without own it is
	 * refused for its input, which may have been right when the key was first used. With own it is refused for its
	 * caller, of whom rq->caller.id may be all that is known; then only an answer counts that this very request got
	 * when nginx sent it before. OK without rq->replayed: there is no such answer. NULL: no row takes keys. */
	enum err (*recall)(struct request *rq, bool own);
	/* Gives the claim back, because nothing happened. */
	void (*release)(struct request *rq);

	/* Keeps the answer for the claim, where no transaction of the handler has done so and set rq->claim to NULL. */
	enum err (*complete)(struct request *rq);
};

/* Answers rq. Always leaves a status and a body. */
void pipeline_run(const struct service *service, struct request *rq);

/*
 * The same in two parts, for calls that wait for a turn in between. pipeline_begin() ends before the row acts, and
 * returns the turn that the row needs; TURN_NONE: rq is answered already. When the turn comes, pipeline_resume() lets
 * the row act. When it does not come in time, pipeline_turn_away() answers 503 with so many seconds as Retry-After; 0
 * seconds: the client has left and hears no answer.
 */
enum turn pipeline_begin(const struct service *service, struct request *rq);
void pipeline_resume(const struct service *service, struct request *rq);
void pipeline_turn_away(const struct service *service, struct request *rq, int seconds);

#endif
