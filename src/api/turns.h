/* How calls wait for what is scarce: how many turns there are, and whose share each is taken from. */
#ifndef API_TURNS_H
#define API_TURNS_H

#include "api/api.h"
#include "base/turn.h"
#include "server/bulkhead.h"

/* The limits of every bulkhead of a process, and the threads that all of them take. */
int turns_plan(const struct config *config, const struct password_semaphore *semaphore,
	       struct bulkhead_limits limits[TURN_COUNT]);

/* As fcgi_server wants it; context is not looked at. */
struct fair_key turns_share(void *context, const struct request *rq);

#endif
