/* Shared by the files that print the OpenAPI document: JSON Schemas of inputs and views, and components. */
#ifndef HTTP_OPENAPI_PRIVATE_H
#define HTTP_OPENAPI_PRIVATE_H

#include "http/openapi.h"
#include "http/route.h"
#include "json/json_out.h"

#define CATALOGUE_MAX 256

/* Each schema and view that routes use, once, in the order in which the routes name it. */
struct catalogue {
	const struct schema *schemas[CATALOGUE_MAX];
	const struct view *views[CATALOGUE_MAX];
	bool is_page[CATALOGUE_MAX]; /* the members of a page are added to the view's own */
	bool or_id[CATALOGUE_MAX]; /* somewhere the plain id may stand for the view's object */
	size_t schema_count, view_count;
};

/* Writes openapi, info, servers and tags into an open object. */
void write_head(struct json *json, const struct route *routes, size_t count,
		const struct openapi_about *about);

void catalogue_fill(struct catalogue *catalogue, const struct route *routes, size_t count);

/* Writes a component for each entry into an open object. */
void catalogue_write(struct json *json, const struct catalogue *catalogue);

/* Writes the JSON Schema of the catalogue's index-th view, as an object under the view's name. */
void write_view(struct json *json, const struct catalogue *catalogue, size_t index);
/* The same for a place that has the view's object or only its id. */
void write_view_or_id(struct json *json, const struct view *view);

/* These write members of a schema: type and format; what every id has; an example. NULL: there is none. */
void write_type(struct json *json, const char *type, const char *format);
void write_id_members(struct json *json);
/* Writes the words that a text may be today, unless NULL. It is no enum, as clients refuse a word that an enum
 * lacks. */
void write_known(struct json *json, const char *const *known);
void write_example(struct json *json, const char *example);

/* Writes the JSON Schema of an input, as an object under its name. */
void write_schema(struct json *json, const struct schema *schema);
/* Writes the JSON Schema of one input row, as an object under key. */
void write_field_schema(struct json *json, const char *key, const struct field *field);

/*
 * Writes a value under key from a form: JSON without white space, in which ' stands for " and each %s for a text
 * without its quotes.
 */
void write_form(struct json *json, const char *key, const char *form, ...);

/* The members of an id's schema, to be part of a form. */
#define ID_PATTERN "^[0-9a-fA-F]{24}$"
#define ID_FORM "'type':'string','pattern':'" ID_PATTERN "'"

/* Writes {"$ref": "#/components/<kind>/<name>"} under key. */
void write_reference(struct json *json, const char *key, const char *kind, const char *name);

/* Writes an example of a body, made of the examples of its rows, under key. Writes nothing when no row has one. */
void write_schema_example(struct json *json, const char *key, const struct schema *schema);

/* Is any field of a body of this schema required? */
bool needs_a_field(const struct schema *schema);

/* Writes the answers to refused calls, which all are one, into an open object. */
void write_error_answers(struct json *json);
/* The codes with which a call can be refused: as a member of the open object, and as a line for people to read. */
void write_error_codes(struct json *json, const struct route *route);
void tell_error_codes(struct buffer *text, const struct route *route);

/* The components that the answers point to. */
void write_error_response(struct json *json);
void write_error_schemas(struct json *json);

#endif
