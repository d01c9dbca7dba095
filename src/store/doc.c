#include "store/doc.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct id) == sizeof(bson_oid_t), "an id is an ObjectId's bytes");

static void release(void *doc)
{
	bson_destroy(doc);
}

bson_t *doc_keep(struct arena *arena, bson_t *doc)
{
	arena_defer(arena, release, doc);
	return doc;
}

/* Room for a document, whose first 120 bytes are in the arena as well. It is still to be initialized. */
static bson_t *doc_room(struct arena *arena)
{
	return doc_keep(arena, arena_alloc(arena, sizeof(bson_t)));
}

bson_t *doc_new(struct arena *arena)
{
	bson_t *doc = doc_room(arena);

	bson_init(doc);
	return doc;
}

bson_t *doc_of(struct arena *arena, ...)
{
	bson_t *doc = doc_new(arena);
	bcon_append_ctx_t at;
	va_list pairs;

	bcon_append_ctx_init(&at);
	va_start(pairs, arena);
	bcon_append_ctx_va(doc, &at, &pairs);
	va_end(pairs);
	return doc;
}

bson_t *doc_items(struct arena *arena, const bson_t *wrapped)
{
	bson_t items;

	return doc_part(wrapped, "", &items) ? doc_copy(arena, &items) : doc_new(arena);
}

bson_t *doc_parse(struct arena *arena, const char *json)
{
	bson_error_t error;
	bson_t *doc = doc_room(arena);

	if (!bson_init_from_json(doc, json, -1, &error))
		abort();
	return doc;
}

bson_t *doc_copy(struct arena *arena, const bson_t *doc)
{
	bson_t *copy = doc_room(arena);

	bson_copy_to(doc, copy);
	return copy;
}

bson_t *doc_steal(struct arena *arena, bson_t *source)
{
	bson_t *doc = doc_room(arena);

	bson_steal(doc, source);
	return doc;
}

const bson_oid_t *doc_oid(const struct id *id)
{
	return (const bson_oid_t *)id->bytes;
}

struct id doc_new_id(void)
{
	bson_oid_t oid;
	struct id id;

	bson_oid_init(&oid, NULL);
	/* libbson takes its seconds from this host's clock */
	uint32_t seconds = BSON_UINT32_TO_BE((uint32_t)(clock_now() / CLOCK_SECOND));
	memcpy(id.bytes, oid.bytes, sizeof id.bytes);
	memcpy(id.bytes, &seconds, sizeof seconds);
	return id;
}

const char *doc_text(const bson_t *doc, const char *field)
{
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, field) || !BSON_ITER_HOLDS_UTF8(&at))
		return NULL;
	return bson_iter_utf8(&at, NULL);
}

bool doc_text_is(const bson_t *doc, const char *field, const char *text)
{
	const char *held = doc_text(doc, field);

	return held && !strcmp(held, text);
}

bool doc_id(const bson_t *doc, const char *field, struct id *id)
{
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, field) || !BSON_ITER_HOLDS_OID(&at))
		return false;
	memcpy(id->bytes, bson_iter_oid(&at)->bytes, sizeof id->bytes);
	return true;
}

uint32_t doc_size(const bson_t *doc)
{
	uint32_t size;

	memcpy(&size, bson_get_data(doc), sizeof size);
	return BSON_UINT32_FROM_LE(size);
}

bool doc_is_empty(const bson_t *doc)
{
	enum { EMPTY_SIZE = 5 };

	return doc_size(doc) == EMPTY_SIZE;
}

struct id doc_own_id(const bson_t *doc)
{
	struct id id = { 0 };

	doc_id(doc, "_id", &id);
	return id;
}

bool doc_iter_number(const bson_iter_t *at, int64_t *value)
{
	switch (bson_iter_type(at)) {
	case BSON_TYPE_INT32:
		*value = bson_iter_int32(at);
		return true;
	case BSON_TYPE_INT64:
		*value = bson_iter_int64(at);
		return true;
	case BSON_TYPE_DOUBLE: {
		double number = bson_iter_double(at);

		/* 2^63 itself does not fit; NaN fails both comparisons */
		if (!(number >= -0x1p63 && number < 0x1p63))
			return false;
		*value = (int64_t)number;
		*value -= (double)*value > number;
		return true;
	}
	default:
		return false;
	}
}

int64_t doc_whole(const bson_t *doc, const char *field, int64_t absent)
{
	bson_iter_t at;
	int64_t value;

	return bson_iter_init_find(&at, doc, field) && doc_iter_number(&at, &value) ? value :
										      absent;
}

int64_t doc_cents(const bson_t *doc, const char *field, int64_t absent)
{
	const int64_t most = INT64_C(10000000000000); /* beyond it a double has no cents */
	bson_iter_t at;
	int64_t whole;

	if (!bson_iter_init_find(&at, doc, field) || !doc_iter_number(&at, &whole) ||
	    whole < -most || whole > most)
		return absent;
	double rest = BSON_ITER_HOLDS_DOUBLE(&at) ? bson_iter_double(&at) - (double)whole : 0;
	return whole * 100 + (int64_t)(rest * 100 + 0.5);
}

int64_t doc_date(const bson_t *doc, const char *field, int64_t absent)
{
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, field) || !BSON_ITER_HOLDS_DATE_TIME(&at))
		return absent;
	return bson_iter_date_time(&at);
}

bool doc_bool(const bson_t *doc, const char *field, bool absent)
{
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, field) || !BSON_ITER_HOLDS_BOOL(&at))
		return absent;
	return bson_iter_bool(&at);
}

const uint8_t *doc_bytes(const bson_t *doc, const char *field, uint32_t *length)
{
	bson_iter_t at;
	const uint8_t *bytes = NULL;

	*length = 0;
	if (bson_iter_init_find(&at, doc, field) && BSON_ITER_HOLDS_BINARY(&at))
		bson_iter_binary(&at, NULL, length, &bytes);
	return bytes;
}

bool doc_part(const bson_t *doc, const char *field, bson_t *part)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, doc, field) && doc_iter_part(&at, part);
}

bool doc_iter_part(const bson_iter_t *at, bson_t *part)
{
	uint32_t length;
	const uint8_t *bytes;

	if (BSON_ITER_HOLDS_DOCUMENT(at))
		bson_iter_document(at, &length, &bytes);
	else if (BSON_ITER_HOLDS_ARRAY(at))
		bson_iter_array(at, &length, &bytes);
	else
		return false;
	return bson_init_static(part, bytes, length);
}

struct doc_array doc_array_new(struct arena *arena)
{
	return (struct doc_array){ .doc = doc_new(arena) };
}

/* The key of the next item: "0", "1", … */
static const char *next_key(struct doc_array *array, char buffer[16])
{
	const char *key;

	bson_uint32_to_string(array->count++, &key, buffer, 16);
	return key;
}

void doc_array_id(struct doc_array *array, const struct id *id)
{
	char buffer[16];

	bson_append_oid(array->doc, next_key(array, buffer), -1, doc_oid(id));
}

void doc_array_text(struct doc_array *array, const char *text)
{
	char buffer[16];

	bson_append_utf8(array->doc, next_key(array, buffer), -1, text, -1);
}

void doc_array_iter(struct doc_array *array, const bson_iter_t *at)
{
	char buffer[16];

	bson_append_iter(array->doc, next_key(array, buffer), -1, at);
}

void doc_array_doc(struct doc_array *array, const bson_t *doc)
{
	char buffer[16];

	bson_append_document(array->doc, next_key(array, buffer), -1, doc);
}

void doc_array_field(struct doc_array *array, const bson_t *doc, const char *field)
{
	char buffer[16];
	bson_iter_t at;

	if (bson_iter_init_find(&at, doc, field))
		bson_append_iter(array->doc, next_key(array, buffer), -1, &at);
}

void doc_unchanged(bson_t *filter, const bson_t *record, const char *field)
{
	bson_iter_t at;
	bson_t rule;

	if (!bson_iter_init_find(&at, record, field)) {
		BSON_APPEND_NULL(filter, field);
		return;
	}
	BSON_APPEND_DOCUMENT_BEGIN(filter, field, &rule);
	/* nothing can be compared with undefined, which very old data may have */
	if (bson_iter_type(&at) == BSON_TYPE_UNDEFINED)
		BSON_APPEND_INT32(&rule, "$type", BSON_TYPE_UNDEFINED);
	else
		bson_append_iter(&rule, "$eq", -1, &at);
	bson_append_document_end(filter, &rule);
}

bson_t *doc_pipeline(struct arena *arena, const bson_t *match, const char *stages)
{
	struct doc_array pipeline = doc_array_new(arena);
	const bson_t *rest = doc_parse(arena, stages);
	bson_iter_t at;
	bson_t stage;

	doc_array_doc(&pipeline, DOC(arena, PART("$match", match)));
	bson_iter_init(&at, rest);
	while (bson_iter_next(&at) && doc_part(rest, bson_iter_key(&at), &stage))
		doc_array_doc(&pipeline, &stage);
	return pipeline.doc;
}
