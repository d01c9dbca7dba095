#include "http/openapi_private.h"

#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

/* Which errors a call can answer with. */
struct answers {
	bool can[ERR_COUNT];
};

static void can(struct answers *answers, enum err err)
{
	answers->can[err] = true;
}

static void add_field_errors(struct answers *answers, const struct schema *schema)
{
	for (size_t i = 0; schema && i < schema_count(schema); i++) {
		const struct field *field = schema_field(schema, i);

		can(answers, ERR_INVALID_INPUT);
		if (field->type == FIELD_COINS)
			can(answers, ERR_WHOLE_COINS);
		if (field->type == FIELD_ID || field->type == FIELD_IDS)
			can(answers, ERR_INVALID_ID);
		if (field->below)
			can(answers, field->below);
	}
}

static void add_access_errors(struct answers *answers, const struct route *route)
{
	if (!(route->access & ACCESS_ANY))
		return;
	can(answers, ERR_UNAUTHORIZED);
	can(answers, ERR_TOKEN_EXPIRED);
	if (route->access != ACCESS_ANY)
		can(answers, ERR_FORBIDDEN);
}

static void add_body_errors(struct answers *answers, const struct route *route)
{
	if (route->method == GET)
		return;
	can(answers, ERR_BODY_TOO_LARGE);
	if (route->flags & RAW_BODY)
		return;
	can(answers, ERR_UNSUPPORTED_MEDIA_TYPE);
	can(answers, ERR_INVALID_JSON);
}

static void add_key_errors(struct answers *answers, const struct route *route)
{
	if (!(route->flags & IDEMPOTENT))
		return;
	can(answers, ERR_INVALID_INPUT);
	can(answers, ERR_IN_PROGRESS);
	can(answers, ERR_KEY_REUSED);
}

/* What the pipeline and the web server in front can answer, and what the row names beyond it. */
static void collect(struct answers *answers, const struct route *route)
{
	static const enum err always[] = { ERR_TOO_MANY_REQUESTS, ERR_INTERNAL, ERR_UNAVAILABLE };
	size_t length;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		can(answers, always[i]);
	add_access_errors(answers, route);
	add_body_errors(answers, route);
	add_key_errors(answers, route);
	add_field_errors(answers, route->query);
	add_field_errors(answers, route->body);
	if (route_id_name(route, 0, &length)) {
		can(answers, ERR_INVALID_ID);
		can(answers, ERR_NOT_FOUND);
	}
	for (const enum err *err = route->errors; err && *err != OK; err++)
		can(answers, *err);
}

/* Two errors may share a code: the one to be told is the first. */
static bool repeats_code(const struct answers *answers, enum err err)
{
	for (enum err before = OK + 1; before < err; before++) {
		if (answers->can[before] && strcmp(err_row(before)->code, err_row(err)->code) == 0)
			return true;
	}
	return false;
}

/* "invalid_input, invalid_id"; returns how many there are. */
static size_t list_codes(struct buffer *codes, const struct answers *answers, int status)
{
	size_t count = 0;

	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		if (!answers->can[err] || err_row(err)->status != status ||
		    repeats_code(answers, err))
			continue;
		buffer_printf(codes, "%s%s", count > 0 ? ", " : "", err_row(err)->code);
		count++;
	}
	return count;
}

static void write_response(struct json *json, const char *key, const char *description)
{
	json_object(json, key);
	json_text(json, "description", description);
	json_object(json, "content");
	json_object(json, "application/json");
	write_reference(json, "schema", "schemas", "Error");
	json_end(json);
	json_end(json);
	json_end(json);
}

void write_error_answers(struct json *json, const struct route *route)
{
	struct answers answers = { 0 };
	struct buffer codes = { 0 };

	collect(&answers, route);
	for (int status = 400; status < 600; status++) {
		char key[12];

		buffer_reset(&codes);
		snprintf(key, sizeof(key), "%d", status);

		size_t count = list_codes(&codes, &answers, status);

		if (count == 1)
			write_reference(json, key, "responses", codes.bytes);
		else if (count > 1)
			write_response(json, key, codes.bytes);
	}
	buffer_free(&codes);
}

/* --- their shape --- */

static struct answers all_answers(void)
{
	struct answers all;

	memset(&all, true, sizeof(all));
	return all;
}

void write_error_responses(struct json *json)
{
	struct answers all = all_answers();

	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		if (!repeats_code(&all, err))
			write_response(json, err_row(err)->code, err_row(err)->sentence);
	}
}

static void write_text_property(struct json *json, const char *name, const char *help)
{
	json_object(json, name);
	json_text(json, "type", "string");
	json_text(json, "description", help);
	json_end(json);
}

static void write_code_property(struct json *json)
{
	struct answers all = all_answers();

	json_object(json, "code");
	json_text(json, "type", "string");
	json_text(json, "description", "Stable; decide by it");
	json_array(json, "enum");
	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		if (!repeats_code(&all, err))
			json_text(json, NULL, err_row(err)->code);
	}
	json_end(json);
	json_end(json);
}

static void write_names(struct json *json, const char *key, const char *const *names)
{
	json_array(json, key);
	for (; *names; names++)
		json_text(json, NULL, *names);
	json_end(json);
}

static void write_faults_property(struct json *json)
{
	static const char *const names[] = { "field", "code", "message", NULL };

	json_object(json, "errors");
	json_text(json, "type", "array");
	json_text(json, "description", "Each bad field");
	json_object(json, "items");
	json_text(json, "type", "object");
	write_names(json, "required", names);
	json_object(json, "properties");
	for (size_t i = 0; names[i]; i++) {
		json_object(json, names[i]);
		json_text(json, "type", "string");
		json_end(json);
	}
	json_end(json);
	json_end(json);
	json_end(json);
}

void write_error_schema(struct json *json)
{
	static const char *const required[] = { "error", "message", "code", "requestId", NULL };

	json_object(json, "Error");
	json_text(json, "type", "object");
	json_text(
		json, "description",
		"Some errors tell more: insufficient_coins has required and available, below_minimum "
		"of a withdrawal minRequired, payment_required the clientSecret and paymentId of a "
		"payment that the bank wants a further step for; those of /public have success: false.");
	write_names(json, "required", required);
	json_object(json, "properties");
	write_text_property(json, "error", "A sentence for a person");
	write_text_property(json, "message", "The same");
	write_code_property(json);
	write_text_property(json, "requestId", "Names the request in the logs");
	write_faults_property(json);
	json_end(json);
	json_end(json);
}
