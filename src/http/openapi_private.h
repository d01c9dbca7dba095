/* Shared by the parts of openapi: JSON Schemas out of inputs and views, and the components they become. */
#ifndef HTTP_OPENAPI_PRIVATE_H
#define HTTP_OPENAPI_PRIVATE_H

#include "http/json_out.h"
#include "http/route.h"

#define CATALOGUE_MAX 256

/* Each schema and view once, in the order in which the routes come to it. */
struct catalogue {
	const struct schema *schemas[CATALOGUE_MAX];
	const struct view *views[CATALOGUE_MAX];
	size_t schema_count, view_count;
};

void catalogue_fill(struct catalogue *catalogue, const struct route *routes, size_t count);

/* Writes a component for each entry into an open object. */
void catalogue_write(struct json *json, const struct catalogue *catalogue);

/* The JSON Schema of one input row, as an object under key. */
void write_field_schema(struct json *json, const char *key, const struct field *field);

/* {"$ref": "#/components/<kind>/<name>"}, as an object under key. */
void write_reference(struct json *json, const char *key, const char *kind, const char *name);

/* An answer for each status that a call can be refused with, into an open object. */
void write_error_answers(struct json *json, const struct route *route);

/* A component for each code, for the statuses that have no other code. */
void write_error_responses(struct json *json);

/* The schema "Error". */
void write_error_schema(struct json *json);

#endif
