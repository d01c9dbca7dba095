/*
 * BSON documents: making them, and reading their fields.
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

/*
 * A document that lives as long as the arena, made of pairs:
 *
 *	DOC(arena, ID("_id", &id), TEXT("status", "active"), SUB("coins", WHOLE("$gte", 5)))
 *
 * Each of these macros is one pair, its key first. DOC(arena, NULL) is the empty document.
 */
#define DOC(arena, ...) doc_of(arena, __VA_ARGS__, (void *)NULL)

#define ID(key, id) key, BCON_ID(id)
#define TEXT(key, text) key, BCON_UTF8(text)
#define INT(key, number) key, BCON_INT32(number) /* of 32 bits: flags, directions, small counts */
#define WHOLE(key, number) key, BCON_INT64(number) /* of 64 bits: coins, and whatever may grow */
#define DATE(key, milliseconds) key, BCON_DATE_TIME(milliseconds)
#define BOOL(key, value) key, BCON_BOOL(value)
#define NONE(key) key, BCON_NULL
/* Any other type: PAIR("price", BCON_CENTS(cents)). */
#define PAIR(key, value) key, value
/* A document or an array that was made before. */
#define PART(key, doc) key, BCON_DOCUMENT(doc)
#define ARRAY(key, array) key, BCON_ARRAY(array)
/* A document or an array in place: SUB("$set", TEXT(…), DATE(…)), LIST("$in", BCON_UTF8("a"), BCON_UTF8("b")). */
#define SUB(key, ...) key, "{", __VA_ARGS__, "}"
#define LIST(key, ...) key, "[", __VA_ARGS__, "]"
#define EMPTY(key) key, "{", "}"
#define EMPTY_LIST(key) key, "[", "]"
/* What stands in a LIST has no key: values as BCON_UTF8("a"), documents as ITEM(TEXT(…), …). */
#define ITEM(...) "{", __VA_ARGS__, "}"

/*
 * An aggregation's stages, as the array that it takes:
 *
 *	PIPELINE(arena, STAGE("$match", TEXT("status", "pending")), STAGE("$sort", INT("_id", 1)))
 *
 * A stage whose body is not written in place is an ITEM: ITEM(PART("$match", filter)), ITEM(TEXT("$count", "n")).
 */
#define PIPELINE(arena, ...) doc_items(arena, DOC(arena, "", "[", __VA_ARGS__, "]"))
#define STAGE(name, ...) ITEM(SUB(name, __VA_ARGS__))

/* JSON as text, written as it is read, without backslashes: JSON({ "$sort" : { "_id" : 1 } }). */
#define JSON(...) #__VA_ARGS__

/* An id as a BCON value. */
#define BCON_ID(id) BCON_OID(doc_oid(id))

/* What DOC() is: pairs until NULL. */
bson_t *doc_of(struct arena *arena, ...);
/* An empty document, to be appended to. */
bson_t *doc_new(struct arena *arena);
/* Hands a document to the arena; returns it. */
bson_t *doc_keep(struct arena *arena, bson_t *doc);
/* Hands the content of a document that the driver filled in to the arena; source is spent. */
bson_t *doc_steal(struct arena *arena, bson_t *source);
/* The array that is the only member of a document, as a copy. */
bson_t *doc_items(struct arena *arena, const bson_t *wrapped);
/* A document from JSON in our own code. JSON that is wrong is a programming error and ends the process. */
bson_t *doc_parse(struct arena *arena, const char *json);
/* A pipeline: a $match with the filter `match`, then the stages, which are an array as JSON. */
bson_t *doc_pipeline(struct arena *arena, const bson_t *match, const char *stages);
/* A copy that lives as long as the arena. */
bson_t *doc_copy(struct arena *arena, const bson_t *doc);

/* struct id and bson_oid_t have the same bytes. */
const bson_oid_t *doc_oid(const struct id *id);
/* A new id; its seconds are those of clock_now(). */
struct id doc_new_id(void);

/* NULL when absent; NUL-terminated, lives as long as doc. */
const char *doc_text(const bson_t *doc, const char *field);
/* Does the field hold exactly this text? */
bool doc_text_is(const bson_t *doc, const char *field, const char *text);
bool doc_id(const bson_t *doc, const char *field, struct id *id);
/* In bytes, by what is written in them: the compiler expects the struct of a document at a multiple of 128, and in an
 * arena it need not be there. */
uint32_t doc_size(const bson_t *doc);
bool doc_is_empty(const bson_t *doc);
/* The _id; all zeros when it is not an ObjectId. */
struct id doc_own_id(const bson_t *doc);
/* The number; `absent` when there is no such field. */
int64_t doc_whole(const bson_t *doc, const char *field, int64_t absent);
/* An amount of money, which is stored in dollars, in cents; `absent` when there is no such field. */
int64_t doc_cents(const bson_t *doc, const char *field, int64_t absent);
/* Cents as the dollars that are stored. */
#define BCON_CENTS(cents) BCON_DOUBLE((double)(cents) / 100)
/* A date in milliseconds; `absent` when there is no such field. */
int64_t doc_date(const bson_t *doc, const char *field, int64_t absent);
bool doc_bool(const bson_t *doc, const char *field, bool absent);
/* Binary data, living as long as doc; NULL when absent. */
const uint8_t *doc_bytes(const bson_t *doc, const char *field, uint32_t *length);
/* An embedded document or array, as a view into doc; false when absent. */
bool doc_part(const bson_t *doc, const char *field, bson_t *part);

/* The same at an iterator. */
bool doc_iter_part(const bson_iter_t *at, bson_t *part);

/* An array document in the making. */
struct doc_array {
	bson_t *doc;
	uint32_t count;
};
struct doc_array doc_array_new(struct arena *arena);
void doc_array_id(struct doc_array *array, const struct id *id);
void doc_array_text(struct doc_array *array, const char *text);
void doc_array_iter(struct doc_array *array, const bson_iter_t *at);
void doc_array_doc(struct doc_array *array, const bson_t *doc);
/* The value of a field, of whatever type; nothing when it is absent. */
void doc_array_field(struct doc_array *array, const bson_t *doc, const char *field);

/*
 * Adds to a filter that a field has the value that it had when the record was read. Where the record lacked it, as
 * older ones may, the filter asks that it still does.
 */
void doc_unchanged(bson_t *filter, const bson_t *record, const char *field);

/* A number at an iterator: int32, int64, or a double that fits, floored. */
bool doc_iter_number(const bson_iter_t *at, int64_t *value);

#endif
