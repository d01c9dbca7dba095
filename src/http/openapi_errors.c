#include "http/openapi_private.h"

#include "base/buffer.h"
#include "base/count.h"

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

	for (size_t i = 0; i < COUNT_OF(always); i++)
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

/* The errors of a status, each code once; returns how many there are. */
static size_t errors_of(const struct answers *answers, int status, enum err found[ERR_COUNT])
{
	size_t count = 0;

	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		if (answers->can[err] && err_row(err)->status == status &&
		    !repeats_code(answers, err))
			found[count++] = err;
	}
	return count;
}

/* Whoever gets one of these is told when to try again. */
static void write_retry_header(struct json *json, enum err err)
{
	if (err != ERR_IN_PROGRESS && err != ERR_TOO_MANY_REQUESTS && err != ERR_UNAVAILABLE)
		return;
	json_object(json, "headers");
	write_reference(json, "Retry-After", "headers", "RetryAfter");
	json_end(json);
}

/* The shape of every error, and which codes it can have here. */
static void write_coded_schema(struct json *json, const enum err errors[], size_t count)
{
	json_object(json, "schema");
	json_array(json, "allOf");
	write_reference(json, NULL, "schemas", "Error");
	json_object(json, NULL);
	json_object(json, "properties");
	json_object(json, "code");
	json_array(json, "enum");
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, err_row(errors[i])->code);
	json_end(json);
	json_end(json);
	json_end(json);
	json_end(json);
	json_end(json);
	json_end(json);
}

static void write_response(struct json *json, const char *key, const char *description,
			   const enum err errors[], size_t count)
{
	json_object(json, key);
	json_text(json, "description", description);
	if (count == 1)
		write_retry_header(json, errors[0]);
	json_object(json, "content");
	json_object(json, "application/json");
	write_coded_schema(json, errors, count);
	json_object(json, "examples");
	for (size_t i = 0; i < count; i++)
		write_reference(json, err_row(errors[i])->code, "examples",
				err_row(errors[i])->code);
	json_end(json);
	json_end(json);
	json_end(json);
	json_end(json);
}

/* "insufficient_coins: There are not enough coins." and so on, a line each. */
static void write_several(struct json *json, const char *key, const enum err errors[], size_t count)
{
	struct buffer words = { 0 };

	for (size_t i = 0; i < count; i++)
		buffer_printf(&words, "%s`%s`: %s", i > 0 ? "\n\n" : "", err_row(errors[i])->code,
			      err_row(errors[i])->sentence);
	write_response(json, key, words.bytes, errors, count);
	buffer_free(&words);
}

void write_error_answers(struct json *json, const struct route *route)
{
	struct answers answers = { 0 };
	enum err errors[ERR_COUNT];

	collect(&answers, route);
	for (int status = 400; status < 600; status++) {
		char key[12];
		/* The web server's word for a worker that cannot be reached or takes too long. */
		bool gateway = status == 502 || status == 504;
		size_t count = errors_of(&answers, gateway ? 503 : status, errors);

		snprintf(key, sizeof(key), "%d", status);
		if (count == 1)
			write_reference(json, key, "responses", err_row(errors[0])->code);
		else if (count > 1)
			write_several(json, key, errors, count);
	}
}

/* --- their shape --- */

/* The errors that have a code of their own, in the order of the table. */
static size_t all_codes(enum err found[ERR_COUNT])
{
	struct answers all;
	size_t count = 0;

	memset(&all, true, sizeof(all));
	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		if (!repeats_code(&all, err))
			found[count++] = err;
	}
	return count;
}

void write_error_responses(struct json *json)
{
	enum err errors[ERR_COUNT];
	size_t count = all_codes(errors);

	for (size_t i = 0; i < count; i++)
		write_response(json, err_row(errors[i])->code, err_row(errors[i])->sentence,
			       &errors[i], 1);
}

void write_error_examples(struct json *json)
{
	enum err errors[ERR_COUNT];
	size_t count = all_codes(errors);

	for (size_t i = 0; i < count; i++) {
		const struct err_row *row = err_row(errors[i]);

		json_object(json, row->code);
		json_object(json, "value");
		json_text(json, "error", row->sentence);
		json_text(json, "message", row->sentence);
		json_text(json, "code", row->code);
		json_text(json, "requestId", "5f2b6c1e9a7d4038b1c2d3e4f5061728");
		json_end(json);
		json_end(json);
	}
}

static void write_code_property(struct json *json)
{
	enum err errors[ERR_COUNT];
	size_t count = all_codes(errors);

	json_object(json, "code");
	json_text(json, "type", "string");
	json_text(json, "description", "Stable; decide by it");
	json_array(json, "enum");
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, err_row(errors[i])->code);
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
	json_bool(json, "additionalProperties", false);
	json_end(json);
	json_end(json);
}

/* The members of an error beside code and errors. */
static const struct {
	const char *name, *type, *help;
} members[] = {
	{ "error", "string", "A sentence for a person" },
	{ "message", "string", "The same" },
	{ "requestId", "string", "Names the request in the logs" },
	{ "success", "boolean", "false; the calls below /public say so" },
	{ "required", "integer", "insufficient_coins: what it costs" },
	{ "available", "integer", "insufficient_coins: what is there" },
	{ "minRequired", "integer", "below_minimum: the minimum" },
	{ "clientSecret", "string", "payment_required: what the bank's further step needs" },
	{ "paymentId", "string", "payment_required: the payment to confirm afterwards" },
};

void write_error_schema(struct json *json)
{
	static const char *const required[] = { "error", "message", "code", "requestId", NULL };

	json_object(json, "Error");
	json_text(json, "type", "object");
	json_text(json, "description", "Every refusal looks like this; some tell more.");
	write_names(json, "required", required);
	json_object(json, "properties");
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		json_object(json, members[i].name);
		json_text(json, "type", members[i].type);
		json_text(json, "description", members[i].help);
		json_end(json);
	}
	write_code_property(json);
	write_faults_property(json);
	json_end(json);
	json_bool(json, "additionalProperties", false);
	json_end(json);
}
