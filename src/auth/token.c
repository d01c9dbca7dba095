#include "auth/token.h"

#include "auth/jws.h"
#include "base/clock.h"
#include "base/comma.h"
#include "base/encoding.h"
#include "json/json_out.h"

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
	{ "iat", FIELD_SECONDS, FIELD_NO_TEXT, .offset = offsetof(struct payload, issued_at),
	  .max = JWS_TIME_MAX },
	{ "exp", FIELD_SECONDS, FIELD_REQUIRED | FIELD_NO_TEXT,
	  .offset = offsetof(struct payload, expires_at), .max = JWS_TIME_MAX },
	{ "nbf", FIELD_SECONDS, FIELD_NO_TEXT, .offset = offsetof(struct payload, not_before),
	  .max = JWS_TIME_MAX },
};

static const struct schema payload_schema =
	SCHEMA_OF("TokenPayload", struct payload, payload_fields, .foreign = true);

static void mac_compute(const char *secret, size_t secret_length, const char *text, size_t length,
			uint8_t mac[MAC_BYTES])
{
	/* Fails only without memory, and then like every other allocation here. */
	if (!HMAC(EVP_sha256(), secret, (int)secret_length, (const unsigned char *)text, length,
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
	mac_compute(secret, strlen(secret), text, strlen(text), mac);
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, mac, sizeof(mac)));
}

static bool mac_is_by(const uint8_t given[MAC_BYTES], const char *secret, size_t secret_length,
		      const struct jws *jws)
{
	uint8_t expected[MAC_BYTES];

	mac_compute(secret, secret_length, jws->text, jws->text_length, expected);
	return CRYPTO_memcmp(given, expected, MAC_BYTES) == 0;
}

static bool mac_fits(struct arena *arena, const struct token_secrets *secrets,
		     const struct jws *jws)
{
	const char *previous = secrets->previous, *secret;
	size_t length;
	const uint8_t *given = jws_signature(arena, jws, &length);

	if (!given || length != MAC_BYTES)
		return false;
	bool fits = mac_is_by(given, secrets->current, strlen(secrets->current), jws);
	while (!fits && (secret = comma_next(&previous, &length)))
		fits = mac_is_by(given, secret, length, jws);
	return fits;
}

static enum err payload_judge(const struct payload *payload, int64_t now)
{
	if (payload->not_before.given && payload->not_before.value > now)
		return ERR_UNAUTHORIZED;
	return now >= payload->expires_at.value ? ERR_TOKEN_EXPIRED : OK;
}

/* The first whole second that is not before it. */
static int64_t second_of(struct number time)
{
	return (time.value + CLOCK_SECOND - 1) / CLOCK_SECOND;
}

enum err token_verify(struct arena *arena, const struct token_secrets *secrets, const char *token,
		      int64_t now, struct token_claims *claims)
{
	struct jws jws;

	if (!jws_split(token, &jws) || !mac_fits(arena, secrets, &jws) ||
	    !jws_header_read(arena, &jws, &jws_header_schema, "HS256"))
		return ERR_UNAUTHORIZED;
	const struct payload *payload = jws_payload_read(arena, &jws, &payload_schema);
	if (!payload)
		return ERR_UNAUTHORIZED;
	*claims = (struct token_claims){
		.user = payload->user.id,
		.email = payload->email,
		.role = payload->role,
		.issued_at = second_of(payload->issued_at),
		.expires_at = second_of(payload->expires_at),
	};
	return payload_judge(payload, now);
}
