/*
 * The way of every request, in one place:
 *
 *   match (404, 405) -> size (413) -> the time (503 until the primary was heard) -> caller (401) -> access (403)
 *   -> media type (415) -> ids, query and body (400, unless the key has a kept answer) -> open? (503) -> idempotency
 *   claim -> a turn, if the row needs one (503) -> handler -> its answer is kept for the key -> ETag -> log
 */
#ifndef HTTP_PIPELINE_H
#define HTTP_PIPELINE_H

#include "base/turn.h"
#include "http/request.h"

/* Answers rq. Always leaves a status and a body. */
void pipeline_run(struct request *rq);

/*
 * The same in two parts, for calls that wait for a turn in between. pipeline_begin() stops before the handler, and
 * returns the turn that the row needs; TURN_NONE: rq is answered already. When the turn comes, pipeline_resume() calls
 * the handler. When it does not come in time, pipeline_turn_away() answers 503 with so many seconds as Retry-After; 0
 * seconds: the client has left and hears no answer.
 */
enum turn pipeline_begin(struct request *rq);
void pipeline_resume(struct request *rq);
void pipeline_turn_away(struct request *rq, int seconds);

#endif
