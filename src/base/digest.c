#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

/* Only a lack of memory can make either of them fail. */

void digest_sha256(const void *bytes, size_t length, uint8_t out[DIGEST_SIZE])
{
	if (EVP_Digest(bytes, length, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
		 uint8_t out[DIGEST_SIZE])
{
	if (!HMAC(EVP_sha256(), key, (int)key_length, bytes, length, out, NULL))
		abort();
}
