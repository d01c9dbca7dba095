/* Shared by the parts of schema: what was given for a row, whatever it came in. */
#ifndef HTTP_SCHEMA_PRIVATE_H
#define HTTP_SCHEMA_PRIVATE_H

#include "http/schema.h"

enum given_kind {
	GIVEN_NOTHING = 0,
	GIVEN_TEXT,
	GIVEN_NUMBER, /* text is the number as it was written */
	GIVEN_LIST,
	GIVEN_OTHER, /* a boolean or an object: no row takes one */
	GIVEN_BROKEN, /* its fault is told already */
};

struct given {
	enum given_kind kind;
	const char *text; /* valid UTF-8 without NUL inside */
	size_t length;
	const struct given *items; /* of a list */
	size_t count;
};

/* Stores what was given for a row at the row's offset of a zeroed struct, or tells its fault. */
void schema_value(struct arena *arena, const struct field *field, const struct given *given,
		  void *into, struct faults *faults);

/* Makes the schema's struct out of one given for each row, in the order of schema_field(). */
void *schema_fill(struct arena *arena, const struct schema *schema, const struct given *given,
		  struct faults *faults);

#endif
