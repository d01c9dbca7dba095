#include "auth/token.h"
#include "base/encoding.h"
#include "http/json_out.h"
#include "http/schema.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define MAC_BYTES 32
/* The last second of the year 9999. */
#define SECONDS_MAX INT64_C(253402300799)

struct header {
	const char *alg, *typ, *crit;
};

/* crit names extensions that must be understood; no value of it can be, as we know none. */
static const char *const extensions[] = { NULL };

static const struct field header_fields[] = {
	/* The one type that is never trimmed: " HS256" is another algorithm. */
	{ "alg", FIELD_PASSWORD, FIELD_REQUIRED, .offset = offsetof(struct header, alg) },
	{ "typ", FIELD_TEXT, 0, .offset = offsetof(struct header, typ), .max = TOKEN_LENGTH_MAX },
	{ "crit", FIELD_CHOICE, 0, .offset = offsetof(struct header, crit), .choices = extensions },
};

static const struct schema header_schema = {
	.name = "TokenHeader",
	.size = sizeof(struct header),
	.fields = header_fields,
	.count = sizeof(header_fields) / sizeof(header_fields[0]),
};

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
	  .max = SECONDS_MAX },
	{ "exp", FIELD_WHOLE, FIELD_REQUIRED | FIELD_NO_TEXT, .offset = offsetof(struct payload, expires_at),
	  .max = SECONDS_MAX },
	{ "nbf", FIELD_WHOLE, FIELD_NO_TEXT, .offset = offsetof(struct payload, not_before),
	  .max = SECONDS_MAX },
};

static const struct schema payload_schema = {
	.name = "TokenPayload",
	.size = sizeof(struct payload),
	.fields = payload_fields,
	.count = sizeof(payload_fields) / sizeof(payload_fields[0]),
};

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

/* The three parts of a token, as sent. */
struct parts {
	const char *header, *payload, *mac;
	size_t header_length, payload_length, mac_length;
};

static bool token_split(const char *token, struct parts *parts)
{
	const char *end = token + strnlen(token, TOKEN_LENGTH_MAX + 1);

	if (end - token > TOKEN_LENGTH_MAX)
		return false;
	const char *first = memchr(token, '.', (size_t)(end - token));
	if (!first)
		return false;
	const char *second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	parts->header = token;
	parts->header_length = (size_t)(first - token);
	parts->payload = first + 1;
	parts->payload_length = (size_t)(second - first - 1);
	parts->mac = second + 1;
	parts->mac_length = (size_t)(end - second - 1);
	return true;
}

/* The struct of a base64url-encoded JSON object; NULL for anything the schema finds a fault in. */
static const void *part_decode(struct arena *arena, const struct schema *schema, const char *part,
			       size_t length)
{
	struct faults faults = { .count = 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;
	size_t decoded;
	const uint8_t *json = base64url_decode(arena, part, length, &decoded);

	if (!json)
		return NULL;
	const void *read = schema_decode_body(arena, schema, (const char *)json, decoded, &faults,
					      &detail, &err);
	return faults.count == 0 ? read : NULL;
}

static bool header_fits(struct arena *arena, const struct parts *parts)
{
	const struct header *header =
		part_decode(arena, &header_schema, parts->header, parts->header_length);

	return header && strcmp(header->alg, "HS256") == 0;
}

static bool mac_fits(struct arena *arena, const char *secret, const struct parts *parts)
{
	uint8_t expected[MAC_BYTES];
	size_t given_length;
	/* Of the text as sent: from its start to the second dot. */
	size_t signed_length = parts->header_length + 1 + parts->payload_length;
	const uint8_t *given =
		base64url_decode(arena, parts->mac, parts->mac_length, &given_length);

	if (!given || given_length != MAC_BYTES)
		return false;
	mac_compute(secret, parts->header, signed_length, expected);
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
	struct parts parts;

	if (!token_split(token, &parts) || !header_fits(arena, &parts) ||
	    !mac_fits(arena, secret, &parts))
		return ERR_UNAUTHORIZED;
	const struct payload *payload =
		part_decode(arena, &payload_schema, parts.payload, parts.payload_length);
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
