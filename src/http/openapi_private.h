/* Shared by the parts of openapi: JSON Schemas out of inputs and views, and the components they become. */
#ifndef HTTP_OPENAPI_PRIVATE_H
#define HTTP_OPENAPI_PRIVATE_H

#include "http/openapi.h"
#include "http/route.h"
#include "json/json_out.h"

#define CATALOGUE_MAX 256

/* Each schema and view once, in the order in which the routes come to it. */
struct catalogue {
	const struct schema *schemas[CATALOGUE_MAX];
	const struct view *views[CATALOGUE_MAX];
	bool is_page[CATALOGUE_MAX]; /* the view also has the members of a page */
	bool or_id[CATALOGUE_MAX]; /* somewhere its plain id may stand in its place */
	size_t schema_count, view_count;
};

/* openapi, info, servers and tags, into an open object. */
void write_head(struct json *json, const struct route *routes, size_t count,
		const struct openapi_about *about);

void catalogue_fill(struct catalogue *catalogue, const struct route *routes, size_t count);

/* Writes a component for each entry into an open object. */
void catalogue_write(struct json *json, const struct catalogue *catalogue);

/* The JSON Schema of the catalogue's index-th view, as an object under its name. */
void write_view(struct json *json, const struct catalogue *catalogue, size_t index);
/* That of the view or, in its place, its id. */
void write_view_or_id(struct json *json, const struct view *view);

/* Members of a schema: its type and, unless NULL, its format; that it is an id; its example, unless NULL. */
void write_type(struct json *json, const char *type, const char *format);
void write_id_members(struct json *json);
/* Members of a text's schema: the words there are today, unless NULL. Not an enum: clients refuse what an enum lacks. */
void write_known(struct json *json, const char *const *known);
void write_example(struct json *json, const char *example);

/* The JSON Schema of an input, as an object under its name. */
void write_schema(struct json *json, const struct schema *schema);
/* The JSON Schema of one input row, as an object under key. */
void write_field_schema(struct json *json, const char *key, const struct field *field);

/*
 * A value under key whose form is known: JSON without white space in which ' stands for ", and each %s for what a text is
 * between quotes.
 */
void write_form(struct json *json, const char *key, const char *form, ...);

/* The members of an id's schema, in a form. */
#define ID_PATTERN "^[0-9a-fA-F]{24}$"
#define ID_FORM "'type':'string','pattern':'" ID_PATTERN "'"

/* {"$ref": "#/components/<kind>/<name>"}, as an object under key. */
void write_reference(struct json *json, const char *key, const char *kind, const char *name);

/* An example of a body: what its rows give as theirs; as a value under key, or nothing when no row has one. */
void write_schema_example(struct json *json, const char *key, const struct schema *schema);

/* Must a body of this schema have any field? */
bool needs_a_field(const struct schema *schema);

/* The answers to a refused call, into an open object: one for all. */
void write_error_answers(struct json *json);
/* The codes a call can be refused with: as a member of the open object, and as a line for people. */
void write_error_codes(struct json *json, const struct route *route);
void tell_error_codes(struct buffer *text, const struct route *route);

/* The components that the answers point to. */
void write_error_response(struct json *json);
void write_error_schemas(struct json *json);

#endif
