/* Sets of keys: whatever a set says, only keys that are strong enough come out of it. */
#include "auth/jwk.h"
#include "fuzz.h"

#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct jwk_set *set = jwk_set_read(arena, (const char *)data, size);
	EVP_PKEY *key = jwk_set_find(set, "a");
	uint8_t signature[JWK_BITS_MAX / 8] = { 0 };

	if (key) {
		size_t length = (size_t)EVP_PKEY_get_size(key);

		promise(EVP_PKEY_get_bits(key) >= JWK_BITS_MIN);
		promise(EVP_PKEY_get_bits(key) <= JWK_BITS_MAX);
		promise(!jwk_verify_rs256(key, data, size, signature, length));
		signature[length - 1] = 1;
		promise(!jwk_verify_rs256(key, data, size, signature, length));
	}
	EVP_PKEY_free(key);
	jwk_set_free(set);
	arena_free(arena);
	return 0;
}
