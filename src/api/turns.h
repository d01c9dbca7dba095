/* The limits of turns (base/turn.h): how many there are at once, and whose share a waiting call counts against. */
#ifndef API_TURNS_H
#define API_TURNS_H

#include "api/api.h"
#include "base/turn.h"
#include "server/bulkhead.h"

/* Fills in the limits of each bulkhead of a process, and returns how many threads they need together. */
int turns_plan(const struct config *config, const struct password_semaphore *semaphore,
	       struct bulkhead_limits limits[TURN_COUNT]);

/* Whose share a call counts against, for struct fcgi_server. */
struct fair_key turns_share(const struct request *rq);

#endif
