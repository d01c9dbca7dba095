/* The schemas of the OpenAPI document, and the forms that all its parts are written in. */
#ifndef HTTP_OPENAPI_SCHEMA_H
#define HTTP_OPENAPI_SCHEMA_H

#include "http/openapi.h"
#include "store/doc.h"
#include "json/json_out.h"

/* Writes a value under key as printf() would: write_form(json, "items", JSON({ "$ref" : "%s" }), path). No text that
 * goes in may need an escape. */
#define write_form(json, key, ...) \
	(json_raw(json, key, "", 0), buffer_printf((json)->out, __VA_ARGS__))
/* Writes {"$ref": "#/components/<kind>/<name>"} under key. */
void write_reference(struct json *json, const char *key, const char *kind, const char *name);
/* Writes an array of texts, which end with NULL. */
void write_texts(struct json *json, const char *key, const char *const *texts);

#define ID_PATTERN "^[0-9a-fA-F]{24}$"

/* Writes the JSON Schema of one input row, as an object under key. */
void write_field_schema(struct json *json, const char *key, const struct field *field);
/* Writes an example of a body, made of the examples of its rows. Writes nothing when no row has one. */
void write_body_example(struct json *json, const struct schema *schema);
/* Is any field of a body of this schema required? */
bool needs_a_field(const struct schema *schema);

/* Writes the JSON Schema of each input and view that the routes use, into an open object. */
void write_schemas(struct json *json, const struct route *routes, size_t count);

#endif
