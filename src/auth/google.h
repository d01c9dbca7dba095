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

/* How much clocks may differ: used for iat and nbf, never for exp. */
#define GOOGLE_SKEW_MS INT64_C(60000)
#define GOOGLE_NAME_MAX 100
#define GOOGLE_PICTURE_MAX 2048

/* What an account is made of. Texts live as long as the arena. */
struct google_claims {
	const char *subject; /* Google's id of the person, for ever */
	const char *email; /* it may pass to somebody else one day */
	bool email_fits; /* may a new account have this address? Older accounts may have others */
	/* 1 to GOOGLE_NAME_MAX characters that an account may have; made from the address where Google tells none. */
	const char *name;
	const char *picture; /* an http(s) address, or empty */
};

struct google_check {
	const char *client_ids; /* comma-separated; the audience is one of them */
	/* Finds the key of a kid; the reference is the caller's to free. OK, ERR_UNAUTHORIZED (there is no such key),
	 * ERR_UNAVAILABLE. */
	enum err (*find)(void *context, const char *kid, EVP_PKEY **key);
	void *context;
};

/*
 * now: milliseconds. ERR_UNAUTHORIZED; ERR_TOKEN_EXPIRED when only the time is over; or an error of find(), which is
 * called only for tokens of the right form. The payload is not parsed before the signature is verified.
 */
enum err google_verify(struct arena *arena, const struct google_check *check, const char *token,
		       int64_t now, struct google_claims *claims);

#endif
