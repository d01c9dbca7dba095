/*
 * JSON Web Key sets (RFC 7517): the public RSA keys of somebody who signs with RS256, each found by its kid.
 *
 * A set is not changed once it is made, and may be read by many threads.
 */
#ifndef AUTH_JWK_H
#define AUTH_JWK_H

#include "base/arena.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Weaker keys are not accepted; stronger ones only cost time. */
#define JWK_BITS_MIN 2048
#define JWK_BITS_MAX 8192
#define JWK_KEYS_MAX 32

struct jwk_set;

/*
 * Reads the text of a set, for the caller to free; the arena is used for reading only. Keys that cannot be used here
 * (of another kind, algorithm or purpose, without a kid, too weak, malformed) are left out. NULL when the text is not a
 * key set or no key is left.
 */
struct jwk_set *jwk_set_read(struct arena *arena, const char *json, size_t length);
void jwk_set_free(struct jwk_set *set);

/* The key of this kid, as a reference that the caller gives to EVP_PKEY_free(); NULL: there is no such key. */
EVP_PKEY *jwk_set_find(const struct jwk_set *set, const char *kid);

/* Is it the signature of the text by RSASSA-PKCS1-v1_5 with SHA-256? */
bool jwk_verify_rs256(EVP_PKEY *key, const void *text, size_t length, const uint8_t *signature,
		      size_t signature_length);

#endif
