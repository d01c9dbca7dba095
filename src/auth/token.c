#include "auth/token.h"

#include "auth/jws.h"
#include "base/encoding.h"
#include "http/json_out.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define MAC_BYTES 32

struct payload {
	struct id_given user;
	const char *email, *role;
	struct number issued_at, expires_at, not_before;
};

static const struct field payload_fields[] = {
	{ "userId", FIELD_ID, FIELD_REQUIRED, .offset = offsetof(struct payload, user) },
	{ "email", FIELD_TEXT, 0, .offset = offsetof(struct payload, email),
	  .max = TOKEN_LENGTH_MAX },
	{ "role", FIELD_TEXT, 0, .offset = offsetof(struct payload, role),
	  .max = TOKEN_LENGTH_MAX },
	{ "iat", FIELD_WHOLE, FIELD_NO_TEXT, .offset = offsetof(struct payload, issued_at),
	  .max = JWS_SECONDS_MAX },
	{ "exp", FIELD_WHOLE, FIELD_REQUIRED | FIELD_NO_TEXT,
	  .offset = offsetof(struct payload, expires_at), .max = JWS_SECONDS_MAX },
	{ "nbf", FIELD_WHOLE, FIELD_NO_TEXT, .offset = offsetof(struct payload, not_before),
	  .max = JWS_SECONDS_MAX },
};

static const struct schema payload_schema =
	SCHEMA_OF("TokenPayload", struct payload, payload_fields);

static void mac_compute(const char *secret, const char *text, size_t length, uint8_t mac[MAC_BYTES])
{
	/* Fails only without memory, and then like every other allocation here. */
	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, length,
		  mac, NULL))
		abort();
}

static void payload_write(struct buffer *out, const struct token_claims *claims)
{
	struct json json;

	json_start(&json, out);
	json_object(&json, NULL);
	json_id(&json, "userId", &claims->user);
	json_text(&json, "email", claims->email);
	json_text(&json, "role", claims->role);
	json_int(&json, "iat", claims->issued_at);
	json_int(&json, "exp", claims->expires_at);
	json_finish(&json);
}

char *token_sign(struct arena *arena, const char *secret, const struct token_claims *claims)
{
	static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	struct buffer payload = { 0 };
	uint8_t mac[MAC_BYTES];

	payload_write(&payload, claims);
	char *text =
		arena_printf(arena, "%s.%s", base64url_encode(arena, header, sizeof(header) - 1),
			     base64url_encode(arena, payload.bytes, payload.length));
	buffer_free(&payload);
	mac_compute(secret, text, strlen(text), mac);
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, mac, sizeof(mac)));
}

static bool mac_fits(struct arena *arena, const char *secret, const struct jws *jws)
{
	uint8_t expected[MAC_BYTES];
	size_t given_length;
	const uint8_t *given = jws_signature(arena, jws, &given_length);

	if (!given || given_length != MAC_BYTES)
		return false;
	mac_compute(secret, jws->text, jws->text_length, expected);
	return CRYPTO_memcmp(given, expected, MAC_BYTES) == 0;
}

static enum err payload_judge(const struct payload *payload, int64_t now)
{
	if (payload->not_before.given && payload->not_before.value > now)
		return ERR_UNAUTHORIZED;
	return now >= payload->expires_at.value ? ERR_TOKEN_EXPIRED : OK;
}

enum err token_verify(struct arena *arena, const char *secret, const char *token, int64_t now,
		      struct token_claims *claims)
{
	struct jws jws;

	if (!jws_split(token, &jws) || !jws_header_read(arena, &jws, &jws_header_schema, "HS256") ||
	    !mac_fits(arena, secret, &jws))
		return ERR_UNAUTHORIZED;
	const struct payload *payload = jws_payload_read(arena, &jws, &payload_schema);
	if (!payload)
		return ERR_UNAUTHORIZED;
	*claims = (struct token_claims){
		.user = payload->user.id,
		.email = payload->email,
		.role = payload->role,
		.issued_at = payload->issued_at.value,
		.expires_at = payload->expires_at.value,
	};
	return payload_judge(payload, now);
}
