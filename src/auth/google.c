#include "auth/google.h"

#include "auth/jwk.h"
#include "auth/jws.h"
#include "base/comma.h"
#include "base/encoding.h"
#include "json/label.h"
#include "json/text.h"

#include <openssl/evp.h>
#include <string.h>

struct header {
	struct jws_header base;
	const char *kid;
};

static const struct field header_fields[] = {
	{ "kid", FIELD_PASSWORD, FIELD_REQUIRED, .offset = offsetof(struct header, kid), .min = 1 },
};

static const struct schema header_schema =
	SCHEMA_OF("GoogleTokenHeader", struct header, header_fields, .base = &jws_header_schema,
		  .foreign = true);

struct payload {
	const char *issuer, *audience, *subject, *email, *name, *picture;
	bool email_verified;
	struct number issued_at, expires_at, not_before;
};

/* Of an address at all. Whether an account may have it is asked where one is made or found by it: email_fits. */
static const char *email_check(const void *at)
{
	return strchr(*(const char *const *)at, '@') ? NULL : "email must be an address.";
}

/* FIELD_PASSWORD where nothing may be trimmed. A subject has at most 255 characters. */
static const struct field payload_fields[] = {
	{ "iss", FIELD_PASSWORD, FIELD_REQUIRED, .offset = offsetof(struct payload, issuer) },
	{ "aud", FIELD_PASSWORD, FIELD_REQUIRED, .offset = offsetof(struct payload, audience) },
	{ "sub", FIELD_PASSWORD, FIELD_REQUIRED, .offset = offsetof(struct payload, subject),
	  .min = 1, .max = 255 },
	{ "email", FIELD_TEXT, FIELD_REQUIRED, .offset = offsetof(struct payload, email),
	  .max = 254, .check = email_check },
	{ "email_verified", FIELD_BOOL, FIELD_REQUIRED,
	  .offset = offsetof(struct payload, email_verified) },
	{ "name", FIELD_TEXT, 0, .offset = offsetof(struct payload, name) },
	{ "picture", FIELD_TEXT, 0, .offset = offsetof(struct payload, picture) },
	{ "exp", FIELD_SECONDS, FIELD_REQUIRED | FIELD_NO_TEXT,
	  .offset = offsetof(struct payload, expires_at), .max = JWS_TIME_MAX },
	{ "iat", FIELD_SECONDS, FIELD_NO_TEXT, .offset = offsetof(struct payload, issued_at),
	  .max = JWS_TIME_MAX },
	{ "nbf", FIELD_SECONDS, FIELD_NO_TEXT, .offset = offsetof(struct payload, not_before),
	  .max = JWS_TIME_MAX },
};

static const struct schema payload_schema =
	SCHEMA_OF("GoogleTokenPayload", struct payload, payload_fields, .foreign = true);

static void release_key(void *key)
{
	EVP_PKEY_free(key);
}

static enum err signature_judge(struct arena *arena, const struct google_check *check,
				const struct jws *jws)
{
	const struct header *header = jws_header_read(arena, jws, &header_schema, "RS256");
	size_t length;
	const uint8_t *signature = jws_signature(arena, jws, &length);
	EVP_PKEY *key = NULL;

	if (!header || !signature || length == 0)
		return ERR_UNAUTHORIZED;
	enum err err = check->find(check->context, header->kid, &key);
	if (err != OK)
		return err;
	arena_defer(arena, release_key, key);
	return jwk_verify_rs256(key, jws->text, jws->text_length, signature, length) ?
		       OK :
		       ERR_UNAUTHORIZED;
}

static bool is_googles(const char *issuer)
{
	return strcmp(issuer, "accounts.google.com") == 0 ||
	       strcmp(issuer, "https://accounts.google.com") == 0;
}

static bool is_ahead(struct number time, int64_t now)
{
	return time.given && time.value > now + GOOGLE_SKEW_MS;
}

static enum err payload_judge(const struct payload *payload, const char *client_ids, int64_t now)
{
	if (!is_googles(payload->issuer) || !comma_has(client_ids, payload->audience) ||
	    !payload->email_verified || is_ahead(payload->issued_at, now) ||
	    is_ahead(payload->not_before, now))
		return ERR_UNAUTHORIZED;
	return now >= payload->expires_at.value ? ERR_TOKEN_EXPIRED : OK;
}

/* The first characters, as many as a name may have, trimmed like every text. */
static const char *name_cut(struct arena *arena, const char *text, size_t length)
{
	size_t end = 0, size;

	for (size_t i = 0; i < GOOGLE_NAME_MAX && end < length; i++, end += size)
		utf8_next(text + end, &size);
	text = text_trim(text, &end);
	return arena_copy(arena, text, end);
}

/* What nobody may register with is no name here either: then what stands before the @ is. */
static const char *name_of(struct arena *arena, const struct payload *payload)
{
	const char *name = payload->name ? payload->name : "";
	size_t length = strlen(name);

	if (!text_has_controls(name, length) && !label_problem(name, length))
		return name_cut(arena, name, length);
	return name_cut(arena, payload->email, strcspn(payload->email, "@"));
}

static const char *picture_of(const struct payload *payload)
{
	const char *picture = payload->picture ? payload->picture : "";
	size_t length = strlen(picture);

	return text_is_url(picture, length) && utf8_count(picture, length) <= GOOGLE_PICTURE_MAX ?
		       picture :
		       "";
}

enum err google_verify(struct arena *arena, const struct google_check *check, const char *token,
		       int64_t now, struct google_claims *claims)
{
	struct jws jws;

	if (!jws_split(token, &jws))
		return ERR_UNAUTHORIZED;
	enum err err = signature_judge(arena, check, &jws);
	if (err != OK)
		return err;
	const struct payload *payload = jws_payload_read(arena, &jws, &payload_schema);
	if (!payload)
		return ERR_UNAUTHORIZED;
	*claims = (struct google_claims){
		.subject = payload->subject,
		.email = payload->email,
		.email_fits = text_is_email(payload->email, strlen(payload->email)),
		.name = name_of(arena, payload),
		.picture = picture_of(payload),
	};
	return payload_judge(payload, check->client_ids, now);
}
