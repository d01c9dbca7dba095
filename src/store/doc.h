/*
 * BSON documents: making them, and reading fields of them strictly typed and tolerantly found.
 *
 * A field that is missing, null or of another type reads as absent. Numbers are read from int32, int64 and
 * doubles alike (a fraction is floored), because older data has all three.
 */
#ifndef STORE_DOC_H
#define STORE_DOC_H

#include "base/arena.h"
#include "base/id.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

/* A document that lives as long as the arena: DOC(arena, "status", BCON_UTF8("active"), …). */
#define DOC(arena, ...) doc_keep(arena, BCON_NEW(__VA_ARGS__))

/* An id as a BCON value. */
#define BCON_ID(id) BCON_OID(doc_oid(id))

/* Hands a document to the arena; returns it. */
bson_t *doc_keep(struct arena *arena, bson_t *doc);
/* Hands the content of a document that the driver filled in to the arena; source is spent. */
bson_t *doc_steal(struct arena *arena, bson_t *source);
/* A document written as JSON in one of our own tables, where a slip is a programming error and ends the process. */
bson_t *doc_parse(struct arena *arena, const char *json);
/* A copy that lives as long as the arena. */
bson_t *doc_copy(struct arena *arena, const bson_t *doc);

/* struct id and bson_oid_t have the same bytes. */
const bson_oid_t *doc_oid(const struct id *id);
struct id doc_new_id(void);

/* NULL when absent; NUL-terminated, lives as long as doc. */
const char *doc_text(const bson_t *doc, const char *field);
/* Does the field hold exactly this text? */
bool doc_text_is(const bson_t *doc, const char *field, const char *text);
bool doc_id(const bson_t *doc, const char *field, struct id *id);
/* The _id; all zeros when it is not an ObjectId. */
struct id doc_own_id(const bson_t *doc);
/* The number, or what is given for absent. */
int64_t doc_whole(const bson_t *doc, const char *field, int64_t absent);
/* An amount of money in cents, kept as dollars, or what is given for absent. */
int64_t doc_cents(const bson_t *doc, const char *field, int64_t absent);
/* Cents as the dollars that are kept. */
#define BCON_CENTS(cents) BCON_DOUBLE((double)(cents) / 100)
/* Milliseconds, or what is given for absent. */
int64_t doc_date(const bson_t *doc, const char *field, int64_t absent);
bool doc_bool(const bson_t *doc, const char *field, bool absent);
/* An embedded document or array; false when absent. */
bool doc_part(const bson_t *doc, const char *field, bson_t *part);

/* An array document in the making. */
struct doc_array {
	bson_t *doc;
	uint32_t count;
};
struct doc_array doc_array_new(struct arena *arena);
void doc_array_id(struct doc_array *array, const struct id *id);
void doc_array_text(struct doc_array *array, const char *text);
void doc_array_doc(struct doc_array *array, const bson_t *doc);

/*
 * Filter members: the field still says what the record, as read, said. A record without it, as older data
 * leaves them, matches as long as it stays without.
 */
void doc_unchanged(bson_t *filter, const bson_t *record, const char *field);

/* A number at an iterator: int32, int64, or a double that fits, floored. */
bool doc_iter_number(const bson_iter_t *at, int64_t *value);

#endif
