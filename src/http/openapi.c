#include "http/openapi.h"

#include "base/count.h"
#include "http/openapi_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* --- a call --- */

/* "getTasksById": the method, then each word of the path with a capital. */
static void write_operation_id(struct json *json, const struct route *route)
{
	struct buffer id = { 0 };
	bool capital = false;

	for (const char *c = method_name(route->method); *c; c++)
		buffer_byte(&id, (char)tolower((unsigned char)*c));
	for (const char *c = route->path; *c; c++) {
		if (*c == ':')
			buffer_text(&id, "By");
		if (!isalnum((unsigned char)*c)) {
			capital = true;
			continue;
		}
		buffer_byte(&id, capital ? (char)toupper((unsigned char)*c) : *c);
		capital = false;
	}
	json_text(json, "operationId", id.bytes);
	buffer_free(&id);
}

static void write_tag(struct json *json, const struct route *route)
{
	json_array(json, "tags");
	json_text_n(json, NULL, route->path + 1, strcspn(route->path + 1, "/"));
	json_end(json);
}

/* "worker or buyer" */
static void list_roles(struct buffer *text, unsigned access)
{
	const char *between = "";

	for (unsigned role = ROLE_WORKER; role <= ROLE_ADMIN; role <<= 1) {
		if (!(access & role))
			continue;
		buffer_printf(text, "%s%s", between, role_name((enum role)role));
		between = " or ";
	}
}

static void write_description(struct json *json, const struct route *route)
{
	struct buffer text = { 0 };

	buffer_text(&text, "Who may call: ");
	if (route->access == ACCESS_PUBLIC)
		buffer_text(&text, "anyone.");
	else if (route->access == ACCESS_OPTIONAL)
		buffer_text(&text, "anyone; a good token tells who asks, a bad one is ignored.");
	else if (route->access == ACCESS_ANY)
		buffer_text(&text, "anyone logged in.");
	else
		list_roles(&text, route->access);
	if (text.bytes[text.length - 1] != '.')
		buffer_byte(&text, '.');
	if (route->about)
		buffer_printf(&text, "\n\n%s", route->about);
	buffer_text(&text, "\n\n");
	tell_error_codes(&text, route);
	json_text(json, "description", text.bytes);
	buffer_free(&text);
}

static void write_security(struct json *json, const struct route *route)
{
	json_array(json, "security");
	/* a ticket in the address does as well */
	if (route->access == ACCESS_OPTIONAL || route->flags & STREAMS) {
		json_object(json, NULL);
		json_end(json);
	}
	if (route->access != ACCESS_PUBLIC) {
		json_object(json, NULL);
		json_array(json, "bearer");
		json_end(json);
		json_end(json);
	}
	json_end(json);
}

/* --- what it takes --- */

static void write_path_parameter(struct json *json, const char *name, size_t length)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)length, name);
	write_form(json, NULL,
		   "{'name':'%s','in':'path','required':true,'description':'%s','schema':{" ID_FORM
		   "}}",
		   text, "The record's id: 24 hexadecimal digits");
}

static void write_query_parameter(struct json *json, const struct field *field)
{
	json_object(json, NULL);
	json_text(json, "name", field->name);
	json_text(json, "in", "query");
	json_bool(json, "required", (field->flags & FIELD_REQUIRED) != 0);
	if (field->help)
		json_text(json, "description", field->help);
	write_field_schema(json, "schema", field);
	json_end(json);
}

static bool names_error(const struct route *route, enum err wanted)
{
	for (const enum err *err = route->errors; err && *err != OK; err++) {
		if (*err == wanted)
			return true;
	}
	return false;
}

/* Does the answer carry an ETag? A stream has no end that one could be made of. */
static bool has_tag(const struct route *route)
{
	return route->method == GET && !(route->flags & STREAMS);
}

/* The index-th header that may sign the body; NULL: there are fewer. */
static const char *signature_of(const struct route *route, size_t index, const char **help)
{
	return route->signatures ? route->signatures(index, help) : NULL;
}

/* What a header is called among the components: without its hyphens. */
static const char *component_name(const char *header, char name[64])
{
	size_t length = 0;

	for (; *header && length < 63; header++)
		if (*header != '-')
			name[length++] = *header;
	name[length] = '\0';
	return name;
}

static void write_parameters(struct json *json, const struct route *route)
{
	const char *name, *help;
	char component[64];
	size_t length;

	json_array(json, "parameters");
	for (size_t i = 0; (name = route_id_name(route, i, &length)) != NULL; i++)
		write_path_parameter(json, name, length);
	for (size_t i = 0; route->query && i < schema_count(route->query); i++)
		write_query_parameter(json, schema_field(route->query, i));
	if (route->flags & IDEMPOTENT)
		write_reference(json, NULL, "parameters", "IdempotencyKey");
	if (names_error(route, ERR_PRECONDITION_FAILED))
		write_reference(json, NULL, "parameters", "IfMatch");
	for (size_t i = 0; (name = signature_of(route, i, &help)) != NULL; i++)
		write_reference(json, NULL, "parameters", component_name(name, component));
	if (has_tag(route))
		write_reference(json, NULL, "parameters", "IfNoneMatch");
	json_end(json);
}

static void write_request_body(struct json *json, const struct route *route)
{
	bool raw = (route->flags & RAW_BODY) != 0;

	if (!route->body && !raw)
		return;
	json_object(json, "requestBody");
	json_bool(json, "required", raw || needs_a_field(route->body));
	json_object(json, "content");
	json_object(json, "application/json");
	if (raw) {
		/* whatever another service sends of its own */
		write_form(json, "schema", "{'type':'object','additionalProperties':true}");
	} else {
		write_reference(json, "schema", "schemas", route->body->name);
		write_schema_example(json, "example", route->body);
	}
	json_end(json);
	json_end(json);
	json_end(json);
}

/* --- what it answers --- */

static void write_success_headers(struct json *json, const struct route *route)
{
	if (!has_tag(route) && !(route->flags & IDEMPOTENT))
		return;
	json_object(json, "headers");
	if (has_tag(route))
		write_reference(json, "ETag", "headers", "ETag");
	if (route->flags & IDEMPOTENT)
		write_reference(json, "Idempotent-Replayed", "headers", "IdempotentReplayed");
	json_end(json);
}

static void write_success_content(struct json *json, const struct route *route)
{
	bool streams = (route->flags & STREAMS) != 0;

	json_object(json, "content");
	json_object(json, streams ? "text/event-stream" : "application/json");
	/* of a stream the schema is that of all its text; what stands in its events is said in words */
	if (streams)
		write_form(json, "schema",
			   "{'type':'string','description':"
			   "'Server-sent events; the data of each is a %s as JSON'}",
			   route->view->name);
	else if (route->flags & ARRAY || route->view->is_list)
		write_form(json, "schema",
			   "{'type':'array','items':{'$ref':'#/components/schemas/%s'}}",
			   route->view->name);
	else
		write_reference(json, "schema", "schemas", route->view->name);
	json_end(json);
	json_end(json);
}

static void write_success(struct json *json, const struct route *route)
{
	char status[12];

	snprintf(status, sizeof(status), "%d", route_status(route));
	json_object(json, status);
	json_text(json, "description", route->status == 201 ? "Made" : "Done");
	write_success_headers(json, route);
	if (route->view)
		write_success_content(json, route);
	json_end(json);
}

static void write_answers(struct json *json, const struct route *route)
{
	json_object(json, "responses");
	write_success(json, route);
	if (has_tag(route))
		write_form(json, "304",
			   "{'description':'Unchanged since the ETag of If-None-Match'}");
	write_error_answers(json);
	json_end(json);
}

static void write_operation(struct json *json, const struct route *route)
{
	char method[8] = "";

	for (size_t i = 0; method_name(route->method)[i]; i++)
		method[i] = (char)tolower((unsigned char)method_name(route->method)[i]);
	json_object(json, method);
	write_operation_id(json, route);
	write_tag(json, route);
	json_text(json, "summary", route->summary ? route->summary : "");
	write_description(json, route);
	write_security(json, route);
	write_parameters(json, route);
	write_request_body(json, route);
	write_answers(json, route);
	write_error_codes(json, route);
	json_end(json);
}

/* --- the paths --- */

/* "/tasks/{id}" for "/tasks/:id" */
static void open_path(struct json *json, const char *pattern)
{
	struct buffer path = { 0 };

	while (*pattern) {
		size_t name = *pattern == ':' ? strcspn(pattern, "/") : 0;

		if (name > 0)
			buffer_printf(&path, "{%.*s}", (int)(name - 1), pattern + 1);
		else
			buffer_byte(&path, *pattern);
		pattern += name > 0 ? name : 1;
	}
	json_object(json, path.bytes);
	buffer_free(&path);
}

static bool path_stands_before(const struct route *routes, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(routes[i].path, routes[index].path) == 0)
			return true;
	}
	return false;
}

static void write_paths(struct json *json, const struct route *routes, size_t count)
{
	json_object(json, "paths");
	for (size_t i = 0; i < count; i++) {
		if (path_stands_before(routes, i))
			continue;
		open_path(json, routes[i].path);
		for (size_t j = i; j < count; j++) {
			if (strcmp(routes[i].path, routes[j].path) == 0)
				write_operation(json, &routes[j]);
		}
		json_end(json);
	}
	json_end(json);
}

/* --- the rest --- */

/* What every answer looks like that no row describes, as write_form() takes it. */
static const struct {
	const char *kind, *name, *form;
} constants[] = {
	{ "securitySchemes", "bearer",
	  "{'type':'http','scheme':'bearer','bearerFormat':'JWT',"
	  "'description':'The token of POST /auth/login or /auth/register; it lasts 7 days'}" },
	{ "parameters", "IdempotencyKey",
	  "{'name':'Idempotency-Key','in':'header','required':false,"
	  "'description':'A repeat with the same key and body gets the same answer, and nothing is "
	  "done again','schema':{'type':'string','minLength':1,'maxLength':255,"
	  "'pattern':'^[ -~]+$'}}" },
	{ "parameters", "IfMatch",
	  "{'name':'If-Match','in':'header','required':false,"
	  "'description':'The ETag the record had when it was read; 412 if it has changed',"
	  "'schema':{'type':'string'}}" },
	{ "parameters", NULL, NULL }, /* those that sign a body */
	{ "parameters", "IfNoneMatch",
	  "{'name':'If-None-Match','in':'header','required':false,"
	  "'description':'The ETag of an earlier answer; 304 if it is still the same',"
	  "'schema':{'type':'string'}}" },
	{ "headers", "ETag",
	  "{'description':'Names this very answer; weak','schema':{'type':'string'}}" },
	{ "headers", "IdempotentReplayed",
	  "{'description':'true: the kept answer to an earlier request with this key',"
	  "'schema':{'type':'string'}}" },
	{ "headers", "RetryAfter",
	  "{'description':'Seconds until another try makes sense',"
	  "'schema':{'type':'integer','minimum':1}}" },
};

/* Where there are several, a request has one of them. */
static void write_signatures(struct json *json, const struct route *route)
{
	const char *header, *help, *other;
	char component[64];

	for (size_t i = 0; (header = signature_of(route, i, &help)) != NULL; i++) {
		write_form(json, component_name(header, component),
			   "{'name':'%s','in':'header','required':%s,'description':'%s',"
			   "'schema':{'type':'string'}}",
			   header, signature_of(route, 1, &other) ? "false" : "true", help);
	}
}

static bool signs_like_one_before(const struct route *routes, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (routes[i].signatures == routes[index].signatures)
			return true;
	}
	return false;
}

static void write_constants(struct json *json, const char *kind, const struct route *routes,
			    size_t count)
{
	for (size_t i = 0; i < COUNT_OF(constants); i++) {
		if (strcmp(constants[i].kind, kind) != 0)
			continue;
		if (constants[i].form)
			write_form(json, constants[i].name, constants[i].form);
		for (size_t r = 0; !constants[i].form && r < count; r++)
			if (!signs_like_one_before(routes, r))
				write_signatures(json, &routes[r]);
	}
}

static void write_components(struct json *json, const struct route *routes, size_t count)
{
	static const char *const kinds[] = { "securitySchemes", "parameters", "headers" };
	struct catalogue catalogue = { .schema_count = 0 };

	catalogue_fill(&catalogue, routes, count);
	json_object(json, "components");
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		json_object(json, kinds[i]);
		write_constants(json, kinds[i], routes, count);
		json_end(json);
	}
	json_object(json, "responses");
	write_error_response(json);
	json_end(json);
	json_object(json, "schemas");
	write_error_schemas(json);
	catalogue_write(json, &catalogue);
	json_end(json);
	json_end(json);
}

void openapi_write(struct buffer *out, const struct route *routes, size_t count,
		   const struct openapi_about *about)
{
	struct buffer compact = { 0 };
	struct json json;

	json_start(&json, &compact);
	json_object(&json, NULL);
	write_head(&json, routes, count, about);
	write_paths(&json, routes, count);
	write_components(&json, routes, count);
	json_finish(&json);
	json_indent(out, compact.bytes, compact.length);
	buffer_free(&compact);
}
