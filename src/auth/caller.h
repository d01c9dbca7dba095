/* From a bearer token to the user as the database has them now. */
#ifndef AUTH_CALLER_H
#define AUTH_CALLER_H

#include "base/caller.h"
#include "base/config.h"
#include "base/error.h"
#include "store/store.h"

/*
 * Checks the token and reads its user. ERR_UNAUTHORIZED (also for a user who is gone, being removed, or whose tokens
 * were ended; caller->id says who then), ERR_TOKEN_EXPIRED, ERR_UNAVAILABLE. now: milliseconds.
 */
enum err caller_read(struct db *db, struct arena *arena, const struct config *config,
		     const char *token, int64_t now, struct caller *caller);

/* The second at or before which a token of this user must have been issued to be refused. INT64_MAX when all are
 * refused, because there is no user (NULL) or the user is being removed; -1 when none is. */
int64_t caller_refused_until(const bson_t *user);

/* Fills a caller from a user document; what it says of the token is not changed. */
void caller_from(const bson_t *user, struct caller *caller);

/* A token for a user. The document is the one that was left by the write which permits a new token
 * (market/tokens.h). */
char *caller_token(struct arena *arena, const char *secret, const bson_t *user);

#endif
