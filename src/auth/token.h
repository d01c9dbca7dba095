/*
 * JSON Web Tokens (RFC 7519), HS256 only, interchangeable with those of the usual Node library.
 *
 * Claims {userId, email, role, iat, exp}; signed with the bytes of JWT_SECRET. The MAC is verified in constant time
 * before anything is parsed.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "auth/jws.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"

#include <stdint.h>

#define TOKEN_LIFE_SECONDS (7 * 24 * 3600)
#define TOKEN_LENGTH_MAX JWS_LENGTH_MAX

/* What tokens are verified with: the secret that signs, and those that did once, comma-separated or NULL. */
struct token_secrets {
	const char *current, *previous;
};

struct token_claims {
	struct id user;
	const char *email, *role; /* as they were when it was issued; the database decides */
	int64_t issued_at, expires_at; /* seconds since 1970, rounded up */
};

/* Signs the claims. email and role may hold any text. */
char *token_sign(struct arena *arena, const char *secret, const struct token_claims *claims);

/*
 * Checks form, signature, algorithm and times. ERR_UNAUTHORIZED, or ERR_TOKEN_EXPIRED when only the time is wrong (now
 * >= exp). Refused: any other alg, crit, a missing exp, nbf ahead, a claim of ours twice, loose base64, over
 * TOKEN_LENGTH_MAX. Other claims are not checked. email and role are NULL when the token lacks them. now: milliseconds.
 */
enum err token_verify(struct arena *arena, const struct token_secrets *secrets, const char *token,
		      int64_t now, struct token_claims *claims);

#endif
