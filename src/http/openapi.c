#include "http/openapi.h"

#include "http/openapi_errors.h"
#include "http/openapi_schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* openapi.json.in as a text, made by make: all that is the same whatever the tables say. */
extern const char openapi_text[];

/* --- a call --- */

/* The words of a path, each with a capital: "TasksById". */
static void put_words(struct buffer *out, const char *path)
{
	for (const char *c = path; *c; c++) {
		if (*c == ':')
			buffer_text(out, "By");
		/* every path begins with a slash */
		if (isalnum((unsigned char)*c))
			buffer_byte(out, isalnum((unsigned char)c[-1]) ?
						 *c :
						 (char)toupper((unsigned char)*c));
	}
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
		buffer_text(&text, "anyone");
	else if (route->access == ACCESS_OPTIONAL)
		buffer_text(&text, "anyone; a good token tells who asks, a bad one is ignored");
	else if (route->access == ACCESS_ANY)
		buffer_text(&text, "anyone logged in");
	else
		list_roles(&text, route->access);
	buffer_printf(&text, ".\n\n%s%s", route->about ? route->about : "",
		      route->about ? "\n\n" : "");
	tell_error_codes(&text, route);
	json_text(json, "description", text.bytes);
	buffer_free(&text);
}

static void write_security(struct json *json, const struct route *route)
{
	/* a ticket in the address does as well */
	bool may_lack = route->access == ACCESS_OPTIONAL || route->flags & STREAMS;

	write_form(json, "security",
		   route->access == ACCESS_PUBLIC ? JSON([]) :
		   may_lack			  ? JSON([ {}, { "bearer" : [] } ]) :
						    JSON([ { "bearer" : [] } ]));
}

/* --- what it takes --- */

static void write_path_parameter(struct json *json, const char *name, size_t length)
{
	write_form(json, NULL, JSON({
			   "name" : "%.*s",
			   "in" : "path",
			   "required" : true,
			   "description" : "The record's id: 24 hexadecimal digits",
			   "schema" : { "type" : "string", "pattern" : "%s" }
		   }),
		   (int)length, name, ID_PATTERN);
}

static void write_query_parameter(struct json *json, const struct field *field)
{
	json_object(json, NULL);
	json_text(json, "name", field->name);
	json_text(json, "in", "query");
	json_bool(json, "required", field->flags & FIELD_REQUIRED);
	if (field->help)
		json_text(json, "description", field->help);
	write_field_schema(json, "schema", field);
	json_end(json);
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

static bool names_error(const struct route *route, enum err wanted)
{
	for (const enum err *err = route->errors; err && *err != OK; err++)
		if (*err == wanted)
			return true;
	return false;
}

/* Does the answer carry an ETag? A stream has no end that one could be made of. */
static bool has_tag(const struct route *route)
{
	return route->method == GET && !(route->flags & STREAMS);
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
	bool raw = route->flags & RAW_BODY;

	if (!route->body && !raw)
		return;
	json_object(json, "requestBody");
	json_bool(json, "required", raw || needs_a_field(route->body));
	json_object(json, "content");
	json_object(json, "application/json");
	if (raw) { /* whatever another service sends of its own */
		write_form(json, "schema",
			   JSON({ "type" : "object", "additionalProperties" : true }));
	} else {
		write_reference(json, "schema", "schemas", route->body->name);
		write_body_example(json, route->body);
	}
	json_end(json);
	json_end(json);
	json_end(json);
}

/* --- what it answers --- */

static void write_content(struct json *json, const struct route *route)
{
	bool streams = route->flags & STREAMS;
	const char *name = route->view->name;

	json_object(json, "content");
	json_object(json, streams ? "text/event-stream" : "application/json");
	/* the schema of a stream is that of its whole text; words say what its events have */
	if (streams)
		write_form(json, "schema", JSON({
				   "type" : "string",
				   "description" :
					   "Server-sent events; the data of each is a %s as JSON"
			   }),
			   name);
	else if (route->flags & ARRAY)
		write_form(json, "schema", JSON({
				   "type" : "array",
				   "items" : { "$ref" : "#/components/schemas/%s" }
			   }),
			   name);
	else
		write_reference(json, "schema", "schemas", name);
	json_end(json);
	json_end(json);
}

static void write_success(struct json *json, const struct route *route)
{
	char status[12];

	snprintf(status, sizeof(status), "%d", route_status(route));
	json_object(json, status);
	json_text(json, "description", route->status == 201 ? "Made" : "Done");
	if (has_tag(route) || route->flags & IDEMPOTENT) {
		json_object(json, "headers");
		if (has_tag(route))
			write_reference(json, "ETag", "headers", "ETag");
		else
			write_reference(json, "Idempotent-Replayed", "headers",
					"IdempotentReplayed");
		json_end(json);
	}
	if (route->view)
		write_content(json, route);
	json_end(json);
}

/*
 * Every refusal has one shape, so that clients that are made from the document have one model for them. What differs by
 * call, its codes, stands beside it.
 */
static void write_answers(struct json *json, const struct route *route)
{
	json_object(json, "responses");
	write_success(json, route);
	if (has_tag(route))
		write_form(json, "304",
			   JSON({ "description" : "Unchanged since the ETag of If-None-Match" }));
	write_reference(json, "4XX", "responses", "ApiError");
	write_reference(json, "5XX", "responses", "ApiError");
	json_end(json);
}

static void write_operation(struct json *json, const struct route *route)
{
	struct buffer name = { 0 };

	for (const char *c = method_name(route->method); *c; c++)
		buffer_byte(&name, (char)tolower((unsigned char)*c));
	json_object(json, name.bytes);
	put_words(&name, route->path);
	json_text(json, "operationId", name.bytes);
	buffer_free(&name);
	write_form(json, "tags", JSON(["%.*s"]), (int)strcspn(route->path + 1, "/"),
		   route->path + 1);
	json_text(json, "summary", route->summary ? route->summary : "");
	write_description(json, route);
	write_security(json, route);
	write_parameters(json, route);
	write_request_body(json, route);
	write_answers(json, route);
	write_error_codes(json, route);
	json_end(json);
}

/* --- the document --- */

static void write_server(struct json *json, const char *known)
{
	/* programs that read the document from a file take a relative address for one of their own */
	json_text(json, "url", known ? known : "/api");
	if (!known)
		json_text(json, "description", "Where this document comes from");
}

/* "/tasks/{id}" for "/tasks/:id" */
static void open_path(struct json *json, const char *pattern)
{
	struct buffer path = { 0 };

	for (size_t length; *pattern; pattern += 1 + length) {
		bool named = pattern[1] == ':';

		length = strcspn(pattern + 1, "/");
		buffer_printf(&path, named ? "/{%.*s}" : "/%.*s", (int)(length - named),
			      pattern + 1 + named);
	}
	json_object(json, path.bytes);
	buffer_free(&path);
}

static bool path_stands_before(const struct route *routes, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(routes[i].path, routes[index].path))
			return true;
	return false;
}

static void write_paths(struct json *json, const struct route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (path_stands_before(routes, i))
			continue;
		open_path(json, routes[i].path);
		for (size_t j = i; j < count; j++)
			if (!strcmp(routes[i].path, routes[j].path))
				write_operation(json, &routes[j]);
		json_end(json);
	}
}

static void write_signatures(struct json *json, const struct route *route)
{
	const char *header, *help, *other;
	char component[64];

	for (size_t i = 0; (header = signature_of(route, i, &help)) != NULL; i++) {
		json_object(json, component_name(header, component));
		json_text(json, "name", header);
		json_text(json, "in", "header");
		/* where there are several, a request has one of them */
		json_bool(json, "required", !signature_of(route, 1, &other));
		json_text(json, "description", help);
		write_form(json, "schema", JSON({ "type" : "string" }));
		json_end(json);
	}
}

/* The document in the making. */
struct document {
	struct buffer text;
	const char *rest; /* of the constant text */
	struct json json;
};

/* Copies the constant text up to its next @name, which must be this one. What is written then stands in its place. */
static struct json *place(struct document *document, const char *name)
{
	size_t constant = strcspn(document->rest, "@");

	if (strncmp(document->rest + constant, name, strlen(name)) != 0)
		abort();
	buffer_put(&document->text, document->rest, constant);
	document->rest += constant + strlen(name);
	json_start(&document->json, &document->text);
	/* members that follow one */
	document->json.comma = document->text.bytes[document->text.length - 1] == '}';
	return &document->json;
}

void openapi_write(struct buffer *out, const struct route *routes, size_t count,
		   const struct openapi_about *about)
{
	struct document document = { .rest = openapi_text };
	struct json *json;

	json_text(place(&document, "@version"), NULL, about->version);
	write_server(place(&document, "@server"), about->server);
	write_paths(place(&document, "@paths"), routes, count);
	json = place(&document, "@signatures");
	for (size_t i = 0; i < count; i++)
		write_signatures(json, &routes[i]);
	write_all_codes(place(&document, "@codes"));
	write_all_codes(place(&document, "@codes"));
	write_schemas(place(&document, "@schemas"), routes, count);
	buffer_text(&document.text, document.rest);
	json_indent(out, document.text.bytes, document.text.length);
	buffer_free(&document.text);
}
