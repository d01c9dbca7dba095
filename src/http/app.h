/* What all requests of a program share. */
#ifndef HTTP_APP_H
#define HTTP_APP_H

#include "base/config.h"
#include "http/route.h"

#include <stdatomic.h>

struct app {
	struct routes routes;
	const struct config *config;

	/* Fills rq->caller by the bearer token, or, if none was sent (NULL), by what else the request has.
	 * ERR_UNAUTHORIZED, ERR_TOKEN_EXPIRED, ERR_UNAVAILABLE. If this is NULL, caller_read() does it, by the token
	 * alone. */
	enum err (*authenticate)(struct request *rq, const char *token);

	/* of microtaskd alone */
	struct store *store;
	struct gathers *shared; /* answers that are made once for several (http/share.h) */
	struct password_semaphore *semaphore; /* auth/password.h */
	struct google_keys *google; /* providers/google_keys.h */

	atomic_bool adopted; /* a thread has seen that the data is adopted */
};

#endif
