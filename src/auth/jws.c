#include "auth/jws.h"

#include "base/encoding.h"
#include "json/json_pick.h"

#include <string.h>

static const struct field header_fields[] = {
	/* The one type that is never trimmed: " HS256" is another algorithm. */
	FIELD("alg", PASSWORD, jws_header, alg, .flags = FIELD_REQUIRED),
	FIELD("typ", TEXT, jws_header, typ, .max = JWS_LENGTH_MAX),
};

const struct schema jws_header_schema =
	SCHEMA_OF("TokenHeader", struct jws_header, header_fields, .foreign = true);

/* The last millisecond of the year 9999. */
#define TIME_MAX INT64_C(253402300799999)

static const struct field times_fields[] = {
	FIELD("iat", SECONDS, jws_times, issued_at, .flags = FIELD_NO_TEXT, .max = TIME_MAX),
	FIELD("exp", SECONDS, jws_times, expires_at, .flags = FIELD_REQUIRED | FIELD_NO_TEXT,
	      .max = TIME_MAX),
	FIELD("nbf", SECONDS, jws_times, not_before, .flags = FIELD_NO_TEXT, .max = TIME_MAX),
};

const struct schema jws_times_schema =
	SCHEMA_OF("TokenTimes", struct jws_times, times_fields, .foreign = true);

enum err jws_times_judge(const struct jws_times *times, int64_t now, int64_t skew)
{
	if (times->not_before.given && times->not_before.value > now + skew)
		return ERR_UNAUTHORIZED;
	return now >= times->expires_at.value ? ERR_TOKEN_EXPIRED : OK;
}

bool jws_split(const char *token, struct jws *jws)
{
	const char *end = token + strnlen(token, JWS_LENGTH_MAX + 1);

	if (end - token > JWS_LENGTH_MAX)
		return false;
	const char *first = memchr(token, '.', (size_t)(end - token));
	if (!first)
		return false;
	const char *second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	*jws = (struct jws){
		.text = token,
		.text_length = (size_t)(second - token),
		.header_length = (size_t)(first - token),
		.signature = second + 1,
		.signature_length = (size_t)(end - second - 1),
	};
	return true;
}

static bool is_field(const void *context, const char *name)
{
	const struct schema *schema = context;

	for (size_t i = 0; i < schema_count(schema); i++)
		if (strcmp(schema_field(schema, i)->name, name) == 0)
			return true;
	return false;
}

/* The struct of a JSON object; NULL for anything the schema finds a fault in. Members that it does not name are not
 * checked. */
static const void *object_read(struct arena *arena, const struct schema *schema, const char *json,
			       size_t length)
{
	struct faults faults = { .count = 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;
	struct json_piece known = json_pick_members(arena, json, length, is_field, schema);

	if (!known.text)
		return NULL;
	const void *read =
		schema_decode_body(arena, schema, known.text, known.length, &faults, &detail, &err);
	return faults.count == 0 ? read : NULL;
}

static bool is_crit(const void *context, const char *name)
{
	(void)context;
	return strcmp(name, "crit") == 0;
}

/* crit names extensions that must be understood, and we know none: whatever it says, it is too much. */
static bool has_crit(struct arena *arena, const char *json, size_t length)
{
	struct json_piece crit = json_pick_members(arena, json, length, is_crit, NULL);

	return crit.text && crit.length > strlen("{}");
}

const void *jws_header_read(struct arena *arena, const struct jws *jws, const struct schema *schema,
			    const char *alg)
{
	size_t length;
	const char *json =
		(const char *)base64url_decode(arena, jws->text, jws->header_length, &length);

	if (!json || has_crit(arena, json, length))
		return NULL;
	const struct jws_header *header = object_read(arena, schema, json, length);
	return header && strcmp(header->alg, alg) == 0 ? header : NULL;
}

const void *jws_payload_read(struct arena *arena, const struct jws *jws,
			     const struct schema *schema)
{
	size_t start = jws->header_length + 1, length;
	const char *json = (const char *)base64url_decode(arena, jws->text + start,
							  jws->text_length - start, &length);

	return json ? object_read(arena, schema, json, length) : NULL;
}

const uint8_t *jws_signature(struct arena *arena, const struct jws *jws, size_t *length)
{
	return base64url_decode(arena, jws->signature, jws->signature_length, length);
}
