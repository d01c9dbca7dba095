/* What all requests of a program share. */
#ifndef HTTP_APP_H
#define HTTP_APP_H

#include "base/config.h"
#include "http/route.h"

#include <stdatomic.h>

struct app {
	struct routes routes;
	const struct config *config;

	/* Fills rq->caller: whose is the bearer token, or, if it is NULL, who else shows who they are? ERR_UNAUTHORIZED,
	 * ERR_TOKEN_EXPIRED, or ERR_UNAVAILABLE. NULL: only a token tells, and caller_read() whose it is. */
	enum err (*authenticate)(struct request *rq, const char *token);

	/* of microtaskd alone */
	struct store *store;
	struct password_semaphore *semaphore; /* auth/password.h */
	struct google_keys *google; /* providers/google_keys.h */

	atomic_bool adopted; /* a thread has seen that the data is adopted */
};

#endif
