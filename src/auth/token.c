#include "auth/token.h"

#include "auth/jws.h"
#include "base/clock.h"
#include "base/comma.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "json/json_out.h"

#include <openssl/crypto.h>
#include <string.h>

struct payload {
	struct jws_times times; /* first */
	struct id_given user;
	const char *email, *role;
};

static const struct field payload_fields[] = {
	FIELD("userId", ID, payload, user, .flags = FIELD_REQUIRED),
	FIELD("email", TEXT, payload, email, .max = TOKEN_LENGTH_MAX),
	FIELD("role", TEXT, payload, role, .max = TOKEN_LENGTH_MAX),
};

static const struct schema payload_schema = SCHEMA_OF(
	"TokenPayload", struct payload, payload_fields, .base = &jws_times_schema, .foreign = true);

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
	uint8_t mac[DIGEST_SIZE];

	payload_write(&payload, claims);
	char *text =
		arena_printf(arena, "%s.%s", base64url_encode(arena, header, sizeof(header) - 1),
			     base64url_encode(arena, payload.bytes, payload.length));
	buffer_free(&payload);
	digest_hmac(secret, strlen(secret), text, strlen(text), mac);
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, mac, sizeof(mac)));
}

static bool mac_is_by(const uint8_t given[DIGEST_SIZE], const char *secret, size_t secret_length,
		      const struct jws *jws)
{
	uint8_t expected[DIGEST_SIZE];

	digest_hmac(secret, secret_length, jws->text, jws->text_length, expected);
	return CRYPTO_memcmp(given, expected, DIGEST_SIZE) == 0;
}

static bool mac_fits(struct arena *arena, const struct token_secrets *secrets,
		     const struct jws *jws)
{
	const char *previous = secrets->previous, *secret;
	size_t length;
	const uint8_t *given = jws_signature(arena, jws, &length);

	if (!given || length != DIGEST_SIZE)
		return false;
	bool fits = mac_is_by(given, secrets->current, strlen(secrets->current), jws);
	while (!fits && (secret = comma_next(&previous, &length)))
		fits = mac_is_by(given, secret, length, jws);
	return fits;
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
		.issued_at = second_of(payload->times.issued_at),
		.expires_at = second_of(payload->times.expires_at),
	};
	return jws_times_judge(&payload->times, now, 0);
}
