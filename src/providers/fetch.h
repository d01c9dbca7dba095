/*
 * One HTTP call of a service we depend on (Stripe, Google's keys). libcurl stays in this folder.
 *
 * Certificates are checked, redirects are not followed, and only http and https are spoken. A call is made outside any
 * transaction, and ends before nginx would give up.
 */
#ifndef PROVIDERS_FETCH_H
#define PROVIDERS_FETCH_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any answer we ask for; a larger one counts as none. */
#define FETCH_BODY_MAX (1024 * 1024)
#define FETCH_CONNECT_MS 2000

struct fetch {
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	const char *body; /* is POSTed; NULL: a GET */
	int64_t timeout_ms; /* for the whole call; name look-up and connecting have FETCH_CONNECT_MS at most */
};

/* What came back. Lives as long as the arena. */
struct fetched {
	int status;
	const char *body; /* NUL-terminated, never NULL */
	size_t length;
	int64_t max_age; /* seconds, as Cache-Control says; -1: it does not */
	bool sent; /* some of the call was sent: so it may have been carried out even without an answer */
};

/* To be called once, before any thread is made. From then on a peer that closes early cannot end the process
 * (SIGPIPE). */
void fetch_start(void);

/*
 * OK: a whole answer came, of any status. ERR_UNAVAILABLE: none came; whether the call was carried out is unknown,
 * unless it was not sent. The reason is logged, without the headers and the body, which are secret.
 */
enum err fetch(struct arena *arena, const struct fetch *fetch, struct fetched *fetched);

#endif
