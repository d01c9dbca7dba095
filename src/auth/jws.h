/*
 * The compact form of a signed JSON object (RFC 7515): three strict base64url parts between dots.
 *
 * Reading it is strict, so that no two texts mean the same token: no padding, canonical last bits, strict JSON
 * (json/json_in.h) of what it is read for, crit refused. What else it says is its signer's business and not judged
 * (json/json_pick.h). Whoever verifies checks the signature before reading the payload.
 */
#ifndef AUTH_JWS_H
#define AUTH_JWS_H

#include "base/arena.h"
#include "json/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JWS_LENGTH_MAX 4096
/* The last millisecond of the year 9999: the most that a claim of a time may say (FIELD_SECONDS). */
#define JWS_TIME_MAX INT64_C(253402300799999)

/* A token's parts, as they stand in its text. */
struct jws {
	const char *text; /* what is signed: header, dot, payload */
	size_t text_length;
	size_t header_length;
	const char *signature;
	size_t signature_length;
};

/* What every header is read for; a schema of more stands on jws_header_schema and its struct begins with this. */
struct jws_header {
	const char *alg, *typ;
};
extern const struct schema jws_header_schema;

/* false when the text has not exactly three parts or more than JWS_LENGTH_MAX bytes. */
bool jws_split(const char *token, struct jws *jws);

/* The header as the schema's struct. NULL unless its alg is this one to the letter, and for anything the schema finds a
 * fault in. */
const void *jws_header_read(struct arena *arena, const struct jws *jws, const struct schema *schema,
			    const char *alg);

/* The payload as the schema's struct; NULL for anything the schema finds a fault in. */
const void *jws_payload_read(struct arena *arena, const struct jws *jws,
			     const struct schema *schema);

/* The bytes of the signature; NULL when they are not strictly encoded. */
const uint8_t *jws_signature(struct arena *arena, const struct jws *jws, size_t *length);

#endif
