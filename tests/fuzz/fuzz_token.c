/*
 * Tokens. Bytes that begin with '{' are a header and, after a line end, a payload, which are signed here, as
 * otherwise the signature would keep a fuzzer from all that comes after it. Other bytes are a whole token.
 */
#include "auth/token.h"
#include "base/encoding.h"
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SECRET "a secret of at least thirty-two bytes"
#define NOW 1769850000

static const char *sign(struct arena *arena, const char *header, size_t header_length,
			const char *payload, size_t payload_length)
{
	const char *signed_part =
		arena_printf(arena, "%s.%s", base64url_encode(arena, header, header_length),
			     base64url_encode(arena, payload, payload_length));
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET), (const unsigned char *)signed_part,
	     strlen(signed_part), mac, &length);
	return arena_printf(arena, "%s.%s", signed_part, base64url_encode(arena, mac, length));
}

static const char *token_of(struct arena *arena, const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);

	if (size == 0 || text[0] != '{' || !end)
		return arena_copy(arena, text, size);

	size_t header = (size_t)(end - text);

	return sign(arena, text, header, end + 1, size - header - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const struct token_secrets secrets = { .current = SECRET, .previous = "x,y" };
	struct token_claims claims;
	const char *token = token_of(arena, (const char *)data, size);
	enum err err = token_verify(arena, &secrets, token, NOW * INT64_C(1000), &claims);

	promise(err == OK || err == ERR_UNAUTHORIZED || err == ERR_TOKEN_EXPIRED);
	promise(err != OK || claims.expires_at > NOW);
	promise(err != OK || strlen(token) <= TOKEN_LENGTH_MAX);
	arena_free(arena);
	return 0;
}
