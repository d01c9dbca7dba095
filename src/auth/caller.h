/* The caller of a request: from a bearer token to the user as the database has them now. */
#ifndef AUTH_CALLER_H
#define AUTH_CALLER_H

#include "auth/role.h"
#include "base/config.h"
#include "base/error.h"
#include "base/id.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The user behind a token as the database has them at the time of the request, never as the token
 * says. Texts live as long as the request's arena.
 */
struct caller {
	bool known; /* false: no token, or one ignored on a public route */
	struct id id;
	enum role role;
	const char *name, *email;
	/* As read when the request began: to show, never to decide by. */
	int64_t coins, owed_coins;
	int64_t issued_at, expires_at; /* of the token in use: seconds since 1970 */
	const bson_t *record; /* the user document; NULL when nobody is known */
};

/*
 * Checks the token and reads its user. ERR_UNAUTHORIZED (also for a user who is gone, being removed, or whose tokens
 * were ended; caller->id says who then), ERR_TOKEN_EXPIRED, ERR_UNAVAILABLE. now: milliseconds.
 */
enum err caller_read(struct db *db, struct arena *arena, const struct config *config,
		     const char *token, int64_t now, struct caller *caller);

/* Tokens of this user are refused that were issued at or before this second. INT64_MAX: all are, because there is no
 * user (NULL) or the user is being removed; -1: none is. */
int64_t caller_refused_until(const bson_t *user);

/* Fills a caller from a user document; issued_at and expires_at are not changed. */
void caller_from(const bson_t *user, struct caller *caller);

/* A token for a user. The document is as the write left it that lets a token be given out (market/tokens.h). */
char *caller_token(struct arena *arena, const char *secret, const bson_t *user);

#endif
