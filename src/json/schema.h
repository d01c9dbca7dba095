/*
 * Inputs as data: a schema is an array of rows that decodes a JSON body or a query string into a struct and
 * reports every fault at once. Handlers read the struct; json-c stays in here.
 *
 * What a row's type stores at its offset:
 *   TEXT, PASSWORD, EMAIL, URL, CHOICE   const char *, NULL when absent (CHOICE: the pointer in choices)
 *   WHOLE, COINS, MONEY, DATE, SECONDS   struct number: cents for MONEY, milliseconds for DATE and SECONDS
 *   ID                                   struct id_given
 *   IDS                                  struct id_list
 *   BOOL                                 bool, false when absent
 *   OBJECTS                              struct object_list
 * All of it lives as long as the arena that was given.
 *
 * Rules that hold for every row (contract section 1): null means absent; texts are trimmed, passwords never; texts hold
 * no control characters but tab, line feed and carriage return; lengths count code points (passwords: bytes); numbers
 * may come as plain decimal text; in a query string a blank value means absent; unknown fields are ignored. A max of 0
 * means no upper limit.
 *
 * For what other services answer, a row's name may be a path into the document: "error.message", "data.0.id".
 */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include "base/arena.h"
#include "base/count.h"
#include "base/error.h"
#include "base/optional.h"
#include "json/json_pick.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_TEXT, /* min..max code points after trimming; without min an empty text is fine */
	FIELD_PASSWORD, /* min..max bytes, never trimmed */
	FIELD_EMAIL, /* text_is_email(), at most max characters */
	FIELD_URL, /* empty, or http(s)://host…, at most max characters; never fetched */
	FIELD_WHOLE, /* min..max */
	FIELD_COINS, /* min..max; a fraction is ERR_WHOLE_COINS */
	FIELD_MONEY, /* dollars with at most 2 decimals, min..max in cents */
	FIELD_DATE, /* ISO 8601 */
	FIELD_SECONDS, /* seconds since 1970, maybe with a fraction: min..max in milliseconds, rounded up */
	FIELD_CHOICE, /* exactly one of choices */
	FIELD_ID, /* 24 hex digits, else ERR_INVALID_ID */
	FIELD_IDS, /* an array of min..max ids */
	FIELD_BOOL, /* true or false, or the text of either */
	FIELD_OBJECTS, /* an array of min..max objects of the schema in `of`; never in a query */
};

enum field_flag {
	FIELD_REQUIRED = 1 << 0,
	FIELD_CLAMP = 1 << 1, /* above max becomes max */
	FIELD_NO_TEXT = 1 << 2, /* only a JSON number, not its text, as no form sends this field */
	FIELD_DIGITS = 1 << 3, /* TEXT: a JSON number of digits alone is taken as that text */
	FIELD_LABEL = 1 << 4, /* TEXT: shows something and hides nothing (json/label.h) */
};

struct id_list {
	const struct id *ids;
	size_t count;
};

struct object_list {
	const void *const *objects; /* each a struct of the schema's size */
	size_t count;
};

struct schema;

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	size_t offset;
	int64_t min, max;
	const char *const *choices; /* NULL-terminated, for CHOICE */
	const struct schema *of; /* for OBJECTS */
	/* A further rule: NULL when it is kept, else a sentence. */
	const char *(*check)(const void *at_offset);
	/* In a query: this row does not count when the field named here is given; may be NULL. */
	const char *unless;
	enum err below; /* the error below min; 0: ERR_INVALID_INPUT */
	/* The member of the refusal that tells min, when the value is below it; NULL: none. */
	const char *below_tells;
	const char *help; /* one line, for the OpenAPI document */
	const char *example; /* JSON text, for the OpenAPI document; may be NULL */
};

/*
 * The row of a struct's member; other members of struct field may follow:
 *
 *	FIELD("coins", COINS, purchase, coins, .flags = FIELD_REQUIRED, .min = 1, .help = "How many")
 */
#define FIELD(called, kind, in, member, ...)                                                   \
	{                                                                                      \
		.name = (called), .type = FIELD_##kind, .offset = offsetof(struct in, member), \
		__VA_ARGS__                                                                    \
	}

struct schema {
	const char *name; /* of the OpenAPI component */
	const char *at; /* the path to the object whose members the rows are; NULL: the top */
	/* Whose rows come first; this struct begins with that of the base. NULL: none. */
	const struct schema *base;
	bool foreign; /* other programs write it: which characters its texts hold is not checked */
	size_t size; /* of the struct */
	const struct field *fields;
	size_t count;
};

/* The schema of a struct and its array of rows; other members may follow: SCHEMA_OF("Search", struct search,
 * search_fields, .base = &page_schema). */
#define SCHEMA_OF(title, type, array, ...)                                \
	{                                                                 \
		.name = (title), .size = sizeof(type), .fields = (array), \
		.count = COUNT_OF(array), __VA_ARGS__                     \
	}

/* One bad field. */
struct fault {
	const char *field;
	enum err err;
	const char *message;
	const char *number_name; /* the member of the refusal that has `number`; NULL: none */
	int64_t number;
};

/* Every fault of a request, in the order found. */
struct faults {
	struct fault list[32]; /* beyond it faults are counted, not told */
	size_t count;
};

void fault_add(struct faults *faults, const char *field, enum err err, const char *message);
/* Adds a number to the last fault, told as a member of this name. */
void fault_number(struct faults *faults, const char *name, int64_t number);
/* How many faults are in the list. */
size_t faults_told(const struct faults *faults);

/* The rows of a schema as one run, those of its base first. */
size_t schema_count(const struct schema *schema);
const struct field *schema_field(const struct schema *schema, size_t index);

/*
 * Decodes a JSON body into a new struct of schema->size. An empty body and one of null count as {}, and a byte order
 * mark in front of it does not count. Returns NULL with *err = ERR_INVALID_JSON when the text is not strict JSON with
 * an object at the top (detail->sentence says what and where); field faults go to faults, the struct is returned all
 * the same.
 */
void *schema_decode_body(struct arena *arena, const struct schema *schema, const char *body,
			 size_t length, struct faults *faults, struct err_detail *detail,
			 enum err *err);

/*
 * The same for a text of a trusted sender, of which only the values of the rows are checked (json_pick.h). NULL when it
 * is not an object. No row may be of OBJECTS or IDS.
 */
void *schema_pick_body(struct arena *arena, const struct schema *schema, const char *body,
		       size_t length, struct faults *faults);

/*
 * The same for a change of a record. `shown` is the record as an answer shows it, as JSON; it has no text when there is
 * no record to compare with. A member that has the same value there, trimmed or not, is no change: it counts as absent
 * and is not checked, because the record may be older than our rules.
 */
void *schema_decode_edit(struct arena *arena, const struct schema *schema, struct json_piece body,
			 struct json_piece shown, struct faults *faults, struct err_detail *detail,
			 enum err *err);

/* The same for a query string ("a=1&b=x%20y", without the '?'; may be NULL). A known name given twice, and
 * bad percent-encoding or UTF-8 in a known name's value, are faults of that field. */
void *schema_decode_query(struct arena *arena, const struct schema *schema, const char *query,
			  struct faults *faults);

#endif
