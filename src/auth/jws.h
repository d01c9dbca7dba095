/*
 * The compact form of a signed JSON object (RFC 7515): three strict base64url parts between dots.
 *
 * It is read strictly, so that no two texts are the same token: no padding, canonical last bits, strict JSON
 * (json/json_in.h) in the members that are read, and no member crit. Other members are not checked (json/json_pick.h).
 * The signature must be verified before the payload is read.
 */
#ifndef AUTH_JWS_H
#define AUTH_JWS_H

#include "base/arena.h"
#include "json/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JWS_LENGTH_MAX 4096

/* A token's parts, as they stand in its text. */
struct jws {
	const char *text; /* what is signed: header, dot, payload */
	size_t text_length;
	size_t header_length;
	const char *signature;
	size_t signature_length;
};

/* The members that are read of every header. A schema that reads more has jws_header_schema as its base, and its struct
 * begins with this one. */
struct jws_header {
	const char *alg, *typ;
};
extern const struct schema jws_header_schema;

/* The times that are read of every payload, as the base of its schema: iat, exp (required) and nbf, in milliseconds. */
struct jws_times {
	struct number issued_at, expires_at, not_before;
};
extern const struct schema jws_times_schema;

/* Is a payload good now, by a clock that may be behind by skew (milliseconds)? ERR_UNAUTHORIZED before nbf,
 * ERR_TOKEN_EXPIRED from exp on, where no skew counts. */
enum err jws_times_judge(const struct jws_times *times, int64_t now, int64_t skew);

/* false when the text has not exactly three parts or more than JWS_LENGTH_MAX bytes. */
bool jws_split(const char *token, struct jws *jws);

/* The header as the schema's struct. NULL when its alg is not exactly this one, or when the schema finds a fault. */
const void *jws_header_read(struct arena *arena, const struct jws *jws, const struct schema *schema,
			    const char *alg);

/* The payload as the schema's struct; NULL when the schema finds a fault. */
const void *jws_payload_read(struct arena *arena, const struct jws *jws,
			     const struct schema *schema);

/* The bytes of the signature; NULL when they are not strictly encoded. */
const uint8_t *jws_signature(struct arena *arena, const struct jws *jws, size_t *length);

#endif
