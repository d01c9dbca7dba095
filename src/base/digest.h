/* SHA-256: for what is kept only as its hash, and with a key (HMAC) for what is signed. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

void digest_sha256(const void *bytes, size_t length, uint8_t out[DIGEST_SIZE]);
void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
		 uint8_t out[DIGEST_SIZE]);

#endif
