#include "auth/jws.h"

#include "base/encoding.h"

#include <string.h>

/* crit names extensions that must be understood; no value of it can be, as we know none. */
static const char *const extensions[] = { NULL };

static const struct field header_fields[] = {
	/* The one type that is never trimmed: " HS256" is another algorithm. */
	{ "alg", FIELD_PASSWORD, FIELD_REQUIRED, .offset = offsetof(struct jws_header, alg) },
	{ "typ", FIELD_TEXT, 0, .offset = offsetof(struct jws_header, typ), .max = JWS_LENGTH_MAX },
	{ "crit", FIELD_CHOICE, 0, .offset = offsetof(struct jws_header, crit),
	  .choices = extensions },
};

const struct schema jws_header_schema = SCHEMA_OF("TokenHeader", struct jws_header, header_fields);

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

/* The struct of a base64url-encoded JSON object; NULL for anything the schema finds a fault in. */
static const void *part_read(struct arena *arena, const struct schema *schema, const char *part,
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

const void *jws_header_read(struct arena *arena, const struct jws *jws, const struct schema *schema,
			    const char *alg)
{
	const struct jws_header *header = part_read(arena, schema, jws->text, jws->header_length);

	return header && strcmp(header->alg, alg) == 0 ? header : NULL;
}

const void *jws_payload_read(struct arena *arena, const struct jws *jws,
			     const struct schema *schema)
{
	size_t start = jws->header_length + 1;

	return part_read(arena, schema, jws->text + start, jws->text_length - start);
}

const uint8_t *jws_signature(struct arena *arena, const struct jws *jws, size_t *length)
{
	return base64url_decode(arena, jws->signature, jws->signature_length, length);
}
