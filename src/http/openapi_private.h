/* Shared by the files that print the OpenAPI document. */
#ifndef HTTP_OPENAPI_PRIVATE_H
#define HTTP_OPENAPI_PRIVATE_H

#include "http/openapi.h"
#include "store/doc.h"
#include "json/json_out.h"

/* openapi.json.in as a text, made by make: all that is the same whatever the tables say. */
extern const char openapi_text[];

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

/* The codes with which a call can be refused: as a member of the open object, and as a line for people to read. */
void write_error_codes(struct json *json, const struct route *route);
void tell_error_codes(struct buffer *text, const struct route *route);

/* Writes the JSON Schema of each input and view that the routes use, into an open object. */
void write_schemas(struct json *json, const struct route *routes, size_t count);
/* Writes all codes that there are today, each once, in the order of their table. */
void write_all_codes(struct json *json);

#endif
