/* Shared by the files of schema: the value given for a row, in a body or a query. */
#ifndef JSON_SCHEMA_PRIVATE_H
#define JSON_SCHEMA_PRIVATE_H

#include "json/schema.h"

struct json_object;

enum given_kind {
	GIVEN_NOTHING = 0,
	GIVEN_TEXT,
	GIVEN_NUMBER, /* text is the number as it was written */
	GIVEN_BOOL, /* text is true or false */
	GIVEN_LIST,
	GIVEN_OBJECT,
	GIVEN_BROKEN, /* its fault is told already */
};

struct given {
	enum given_kind kind;
	const char *text; /* valid UTF-8 without NUL inside */
	size_t length;
	const struct given *items; /* of a list */
	size_t count;
	struct json_object *object; /* of an object */
};

/* What a JSON value gives for a row. */
struct given given_of(struct arena *arena, struct json_object *value);
/* The value at a path of names and array indexes ("data.0.id"); NULL: there is none. An empty path: the value
 * itself. */
struct json_object *given_at(struct arena *arena, struct json_object *from, const char *path);
/* What an object gives for each row, in the order of schema_field(). */
struct given *given_members(struct arena *arena, const struct schema *schema,
			    struct json_object *object);

/* Makes the schema's struct out of one given for each row, in the order of schema_field(). */
void *schema_fill(struct arena *arena, const struct schema *schema, const struct given *given,
		  struct faults *faults);

#endif
