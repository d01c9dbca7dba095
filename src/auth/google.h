/*
 * Google's ID tokens: who signed in with Google in the caller's browser.
 *
 * RS256 by one of Google's published keys; issuer, audience, expiry and a verified e-mail address are checked
 * (https://developers.google.com/identity/gsi/web/guides/verify-google-id-token).
 */
#ifndef AUTH_GOOGLE_H
#define AUTH_GOOGLE_H

#include "base/arena.h"
#include "base/error.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/* Clocks may differ by so much: for iat and nbf, never for exp. */
#define GOOGLE_SKEW_MS INT64_C(60000)
#define GOOGLE_NAME_MAX 100
#define GOOGLE_PICTURE_MAX 2048

/* Ready for an account: lengths and forms are those that accounts have, but for email_fits. Texts live as long as the
 * arena. */
struct google_claims {
	const char *
		subject; /* who it is, for good: never the address, which may pass to somebody else */
	const char *email;
	bool email_fits; /* accounts may have such an address today; older ones may have others */
	const char *
		name; /* 1 to GOOGLE_NAME_MAX characters; made from the address where Google tells none */
	const char *picture; /* an http(s) address, or empty */
};

struct google_check {
	const char *client_ids; /* comma-separated; the audience is one of them */
	/* The key of a kid, its reference the caller's: OK, ERR_UNAUTHORIZED (there is none), ERR_UNAVAILABLE. */
	enum err (*find)(void *context, const char *kid, EVP_PKEY **key);
	void *context;
};

/*
 * now: milliseconds. ERR_UNAUTHORIZED; ERR_TOKEN_EXPIRED when only its time is over; what find says, which is asked for
 * tokens of the right form alone. The payload is not parsed before the signature is verified.
 */
enum err google_verify(struct arena *arena, const struct google_check *check, const char *token,
		       int64_t now, struct google_claims *claims);

#endif
