/*
 * Google's tokens. Bytes that begin with '{' are a header and, after a line end, a payload, which are signed here, as
 * otherwise the signature would keep a fuzzer from all that comes after it. Other bytes are a whole token.
 */
#include "auth/google.h"
#include "auth/jws.h"
#include "base/encoding.h"
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#define CLIENT "client"
#define NOW 1770000000

/* Made once: it takes a fuzzer's time for a thousand inputs. */
static EVP_PKEY *key_own(void)
{
	static EVP_PKEY *key;

	if (!key)
		key = EVP_RSA_gen(2048);
	return key;
}

static enum err find(void *context, const char *kid, EVP_PKEY **key)
{
	(void)context;
	promise(*kid != '\0');
	*key = key_own();
	EVP_PKEY_up_ref(*key);
	return OK;
}

static const char *sign(struct arena *arena, const char *header, size_t header_length,
			const char *payload, size_t payload_length)
{
	const char *text =
		arena_printf(arena, "%s.%s", base64url_encode(arena, header, header_length),
			     base64url_encode(arena, payload, payload_length));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[256];
	size_t length = sizeof(signature);

	EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key_own());
	EVP_DigestSign(context, signature, &length, (const unsigned char *)text, strlen(text));
	EVP_MD_CTX_free(context);
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, signature, length));
}

static const char *token_of(struct arena *arena, const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);

	if (size == 0 || text[0] != '{' || !end)
		return arena_copy(arena, text, size);

	size_t header = (size_t)(end - text);

	return sign(arena, text, header, end + 1, size - header - 1);
}

static void check_claims(const struct google_claims *claims)
{
	size_t name = utf8_count(claims->name, strlen(claims->name));

	promise(*claims->subject != '\0' && strlen(claims->subject) <= 255);
	promise(strchr(claims->email, '@') != NULL);
	promise(utf8_valid(claims->name, strlen(claims->name)));
	promise(name >= 1 && name <= GOOGLE_NAME_MAX);
	promise(strncmp(claims->picture, "javascript", 10) != 0);
	promise(utf8_count(claims->picture, strlen(claims->picture)) <= GOOGLE_PICTURE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct google_check check = { .client_ids = CLIENT, .find = find };
	struct arena *arena = arena_new();
	struct google_claims claims;
	const char *token = token_of(arena, (const char *)data, size);
	enum err err = google_verify(arena, &check, token, NOW * INT64_C(1000), &claims);

	promise(err == OK || err == ERR_UNAUTHORIZED || err == ERR_TOKEN_EXPIRED);
	promise(err != OK || strlen(token) <= JWS_LENGTH_MAX);
	if (err == OK)
		check_claims(&claims);
	arena_free(arena);
	return 0;
}
