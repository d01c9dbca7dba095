#include "http/openapi_errors.h"

#include "base/count.h"
#include "http/openapi_schema.h"

#include <stdio.h>
#include <string.h>

/* Which errors there are for a call. */
struct answers {
	bool can[ERR_COUNT];
};

static void add_field_errors(struct answers *answers, const struct schema *schema)
{
	for (size_t i = 0; schema && i < schema_count(schema); i++) {
		const struct field *field = schema_field(schema, i);

		answers->can[ERR_INVALID_INPUT] = true;
		if (field->type == FIELD_COINS)
			answers->can[ERR_WHOLE_COINS] = true;
		if (field->type == FIELD_ID || field->type == FIELD_IDS)
			answers->can[ERR_INVALID_ID] = true;
		if (field->below)
			answers->can[field->below] = true;
	}
}

/* What the pipeline and the web server in front can answer, and what the row names beyond it. */
static struct answers answers_of(const struct route *route)
{
	size_t length;
	bool knows = route->access & ACCESS_ANY, sends = route->method != GET,
	     reads = sends && !(route->flags & RAW_BODY), keeps = route->flags & IDEMPOTENT,
	     names = route_id_name(route, 0, &length);
	const struct {
		bool when;
		enum err err;
	} rules[] = {
		{ true, ERR_TOO_MANY_REQUESTS },
		{ true, ERR_INTERNAL },
		{ true, ERR_UNAVAILABLE },
		{ knows, ERR_UNAUTHORIZED },
		{ knows, ERR_TOKEN_EXPIRED },
		{ knows && route->access != ACCESS_ANY, ERR_FORBIDDEN },
		{ sends, ERR_BODY_TOO_LARGE },
		{ reads, ERR_UNSUPPORTED_MEDIA_TYPE },
		{ reads, ERR_INVALID_JSON },
		{ keeps, ERR_INVALID_INPUT },
		{ keeps, ERR_NOT_ADOPTED },
		{ keeps, ERR_IN_PROGRESS },
		{ keeps, ERR_KEY_REUSED },
		{ names, ERR_INVALID_ID },
		{ names, ERR_NOT_FOUND },
	};
	struct answers answers = { 0 };

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		answers.can[rules[i].err] |= rules[i].when;
	add_field_errors(&answers, route->query);
	add_field_errors(&answers, route->body);
	for (const enum err *err = route->errors; err && *err != OK; err++)
		answers.can[*err] = true;
	return answers;
}

static bool holds(const char *const *codes, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(codes[i], code))
			return true;
	return false;
}

/* The codes of a status (0: of any), each once although errors may share it, NULL-terminated. Returns how many. */
static size_t codes_of(const struct answers *answers, int status, const char *codes[ERR_COUNT])
{
	size_t count = 0;

	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		const struct err_row *row = err_row(err);

		if (answers->can[err] && (!status || row->status == status) &&
		    !holds(codes, count, row->code))
			codes[count++] = row->code;
	}
	codes[count] = NULL;
	return count;
}

void write_error_codes(struct json *json, const struct route *route)
{
	struct answers answers = answers_of(route);
	const char *codes[ERR_COUNT];

	json_object(json, "x-error-codes");
	for (int status = 400; status < 600; status++) {
		/* the web server speaks with these for a process that cannot be reached or takes too long */
		bool in_front = status == 502 || status == 504;
		char key[12];

		snprintf(key, sizeof(key), "%d", status);
		if (codes_of(&answers, in_front ? 503 : status, codes))
			write_texts(json, key, codes);
	}
	json_end(json);
}

void tell_error_codes(struct buffer *text, const struct route *route)
{
	struct answers answers = answers_of(route);
	const char *between = "Refused with: ", *codes[ERR_COUNT];

	for (int status = 400; status < 600; status++) {
		codes_of(&answers, status, codes);
		for (size_t i = 0; codes[i]; i++, between = ", ") {
			buffer_text(text, between);
			if (i == 0)
				buffer_printf(text, "%d ", status);
			buffer_printf(text, "`%s`", codes[i]);
		}
	}
	buffer_byte(text, '.');
}

void write_all_codes(struct json *json)
{
	struct answers all;
	const char *codes[ERR_COUNT];

	memset(&all, true, sizeof(all));
	codes_of(&all, 0, codes);
	write_texts(json, NULL, codes);
}
