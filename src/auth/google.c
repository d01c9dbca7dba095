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
	FIELD("kid", PASSWORD, header, kid, .flags = FIELD_REQUIRED, .min = 1),
};

static const struct schema header_schema =
	SCHEMA_OF("GoogleTokenHeader", struct header, header_fields, .base = &jws_header_schema,
		  .foreign = true);

struct payload {
	struct jws_times times; /* first */
	const char *issuer, *audience, *subject, *email, *name, *picture;
	bool email_verified;
};

/* Is it an address at all? Whether an account may have it is told by email_fits. */
static const char *email_check(const void *at)
{
	return strchr(*(const char *const *)at, '@') ? NULL : "email must be an address.";
}

/* FIELD_PASSWORD where nothing may be trimmed. A subject has at most 255 characters. */
static const struct field payload_fields[] = {
	FIELD("iss", PASSWORD, payload, issuer, .flags = FIELD_REQUIRED),
	FIELD("aud", PASSWORD, payload, audience, .flags = FIELD_REQUIRED),
	FIELD("sub", PASSWORD, payload, subject, .flags = FIELD_REQUIRED, .min = 1, .max = 255),
	FIELD("email", TEXT, payload, email, .flags = FIELD_REQUIRED, .max = 254,
	      .check = email_check),
	FIELD("email_verified", BOOL, payload, email_verified, .flags = FIELD_REQUIRED),
	FIELD("name", TEXT, payload, name),
	FIELD("picture", TEXT, payload, picture),
};

static const struct schema payload_schema =
	SCHEMA_OF("GoogleTokenPayload", struct payload, payload_fields, .base = &jws_times_schema,
		  .foreign = true);

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

static enum err payload_judge(const struct payload *payload, const char *client_ids, int64_t now)
{
	struct number issued = payload->times.issued_at;

	if (!is_googles(payload->issuer) || !comma_has(client_ids, payload->audience) ||
	    !payload->email_verified || (issued.given && issued.value > now + GOOGLE_SKEW_MS))
		return ERR_UNAUTHORIZED;
	return jws_times_judge(&payload->times, now, GOOGLE_SKEW_MS);
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

/* A name that nobody may register with is replaced by what stands before the @. */
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
