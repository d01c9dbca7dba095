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
	can(answers, ERR_NOT_ADOPTED);
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

/* --- of a call --- */

/*
 * Every refusal has one shape, so that clients that are made from the document have one model for them. What differs by
 * call, its codes, stands beside it.
 */
void write_error_answers(struct json *json)
{
	write_reference(json, "4XX", "responses", "ApiError");
	write_reference(json, "5XX", "responses", "ApiError");
}

/* The web server speaks with 502 and 504 for a worker that cannot be reached or takes too long. */
static size_t told_with(const struct answers *answers, int status, enum err found[ERR_COUNT])
{
	return errors_of(answers, status == 502 || status == 504 ? 503 : status, found);
}

void write_error_codes(struct json *json, const struct route *route)
{
	struct answers answers = { 0 };
	enum err errors[ERR_COUNT];

	collect(&answers, route);
	json_object(json, "x-error-codes");
	for (int status = 400; status < 600; status++) {
		size_t count = told_with(&answers, status, errors);
		char key[12];

		if (count == 0)
			continue;
		snprintf(key, sizeof(key), "%d", status);
		json_array(json, key);
		for (size_t i = 0; i < count; i++)
			json_text(json, NULL, err_row(errors[i])->code);
		json_end(json);
	}
	json_end(json);
}

void tell_error_codes(struct buffer *text, const struct route *route)
{
	struct answers answers = { 0 };
	enum err errors[ERR_COUNT];
	const char *between = "Refused with: ";

	collect(&answers, route);
	for (int status = 400; status < 600; status++) {
		size_t count = errors_of(&answers, status, errors);

		for (size_t i = 0; i < count; i++, between = ", ") {
			buffer_text(text, between);
			if (i == 0)
				buffer_printf(text, "%d ", status);
			buffer_printf(text, "`%s`", err_row(errors[i])->code);
		}
	}
	buffer_byte(text, '.');
}

/* --- their shape --- */

void write_error_response(struct json *json)
{
	const struct err_row *row = err_row(ERR_NOT_FOUND);

	write_form(json, "ApiError",
		   "{'description':"
		   "'Refused; `code` says why. With 429, 503 and `in_progress` comes Retry-After.',"
		   "'headers':{'Retry-After':{'$ref':'#/components/headers/RetryAfter'}},"
		   "'content':{'application/json':{"
		   "'schema':{'$ref':'#/components/schemas/ApiError'},"
		   "'example':{'error':'%s','message':'%s','code':'%s',"
		   "'requestId':'5f2b6c1e9a7d4038b1c2d3e4f5061728'}}}}",
		   row->sentence, row->sentence, row->code);
}

/* The codes there are today, each once, in the order of the table. */
static void write_known_codes(struct json *json)
{
	const char *codes[ERR_COUNT] = { NULL };
	struct answers all;
	size_t count = 0;

	memset(&all, true, sizeof(all));
	for (enum err err = OK + 1; err < ERR_COUNT; err++) {
		if (!repeats_code(&all, err))
			codes[count++] = err_row(err)->code;
	}
	write_known(json, codes);
}

static void write_property(struct json *json, const char *name, const char *type, const char *help)
{
	json_object(json, name);
	json_text(json, "type", type);
	if (strcmp(type, "integer") == 0)
		json_text(json, "format", "int64");
	if (strcmp(name, "code") == 0)
		write_known_codes(json);
	json_text(json, "description", help);
	json_end(json);
}

static void write_fault_schema(struct json *json)
{
	json_object(json, "FieldError");
	json_text(json, "type", "object");
	write_form(json, "required", "['field','code','message']");
	json_object(json, "properties");
	write_property(json, "field", "string", "Its name in the body or query");
	write_property(json, "code", "string", "Stable; decide by it. More may come");
	write_property(json, "message", "string", "A sentence for a person");
	json_end(json);
	json_bool(json, "additionalProperties", true);
	json_end(json);
}

/* The members of an error beside errors. */
static const struct {
	const char *name, *type, *help;
} members[] = {
	{ "error", "string", "A sentence for a person" },
	{ "message", "string", "The same" },
	{ "code", "string", "Stable; decide by it. More may come" },
	{ "requestId", "string", "Names the request in the logs" },
	{ "success", "boolean", "false; the calls below /public say so" },
	{ "required", "integer", "insufficient_coins: what it costs" },
	{ "available", "integer", "insufficient_coins: what is there" },
	{ "owed", "integer", "coins_owed: how many coins" },
	{ "minRequired", "integer", "below_minimum: the minimum" },
	{ "clientSecret", "string", "payment_required: what the bank's further step needs" },
	{ "paymentId", "string", "payment_required: the payment to confirm afterwards" },
};

void write_error_schemas(struct json *json)
{
	json_object(json, "ApiError");
	json_text(json, "type", "object");
	json_text(json, "description", "Every refusal looks like this; some tell more.");
	write_form(json, "required", "['error','message','code','requestId']");
	json_object(json, "properties");
	for (size_t i = 0; i < COUNT_OF(members); i++)
		write_property(json, members[i].name, members[i].type, members[i].help);
	write_form(json, "errors",
		   "{'type':'array','description':'Each bad field',"
		   "'items':{'$ref':'#/components/schemas/FieldError'}}");
	json_end(json);
	json_bool(json, "additionalProperties", true);
	json_end(json);
	write_fault_schema(json);
}
