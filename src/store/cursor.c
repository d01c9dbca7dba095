#include "store/cursor.h"

#include "base/encoding.h"
#include "store/doc.h"

#include <string.h>

/* A fraction, which older data may have, is kept as it is: a rounded one would stand elsewhere. */
enum { CURSOR_NULL = 0, CURSOR_NUMBER = 1, CURSOR_DATE = 2, CURSOR_FRACTION = 3 };

static void cursor_tag(const struct list_order *order, uint8_t tag[8])
{
	uint64_t hash = hash_bytes(order->list, strlen(order->list)) * 31 +
			hash_bytes(order->field, strlen(order->field)) * 2 + order->ascending;

	memcpy(tag, &hash, sizeof hash);
}

static size_t cursor_id_write(const bson_t *last, struct cursor *cursor)
{
	struct id id = doc_own_id(last);
	const char *text = doc_text(last, "_id");
	size_t length = text ? strlen(text) : sizeof id.bytes;

	if (length >= sizeof cursor->id)
		length = sizeof cursor->id - 1;
	memcpy(cursor->id, text ? text : (const char *)id.bytes, length);
	return length;
}

static void cursor_value_write(const bson_t *last, const char *field, struct cursor *cursor)
{
	bson_iter_t at;
	int64_t value = 0;
	double fraction;

	cursor->type = CURSOR_NULL;
	memset(cursor->value, 0, sizeof cursor->value);
	if (!bson_iter_init_find(&at, last, field))
		return;
	if (BSON_ITER_HOLDS_DOUBLE(&at)) {
		cursor->type = CURSOR_FRACTION;
		fraction = bson_iter_double(&at);
		memcpy(cursor->value, &fraction, sizeof fraction);
		return;
	}
	if (BSON_ITER_HOLDS_DATE_TIME(&at)) {
		cursor->type = CURSOR_DATE;
		value = bson_iter_date_time(&at);
	} else if (doc_iter_number(&at, &value)) {
		cursor->type = CURSOR_NUMBER;
	}
	memcpy(cursor->value, &value, sizeof value);
}

void cursor_set(struct cursor *cursor, const struct list_order *order, const bson_t *record)
{
	cursor_value_write(record, order->field, cursor);
	cursor->id_length = cursor_id_write(record, cursor);
}

const char *cursor_write(struct arena *arena, const struct list_order *order, struct cursor *cursor)
{
	cursor->version = 1;
	cursor_tag(order, cursor->tag);
	return base64url_encode(arena, cursor, offsetof(struct cursor, id) + cursor->id_length);
}

static bool cursor_read(struct arena *arena, const struct list_order *order, const char *text,
			struct cursor *cursor)
{
	size_t length;
	uint8_t tag[8];
	uint8_t *bytes = base64url_decode(arena, text, strlen(text), &length);

	if (!bytes || length < offsetof(struct cursor, id) + sizeof(struct id) ||
	    length >= offsetof(struct cursor, id) + CURSOR_ID_MAX)
		return false;
	memset(cursor, 0, sizeof *cursor);
	memcpy(cursor, bytes, length);
	cursor->id_length = length - offsetof(struct cursor, id);
	cursor_tag(order, tag);
	return cursor->version == 1 && cursor->type <= CURSOR_FRACTION &&
	       (cursor->id_length == sizeof(struct id) ||
		utf8_valid(cursor->id, cursor->id_length)) &&
	       !memcmp(tag, cursor->tag, sizeof tag);
}

static void append_value(bson_t *doc, const char *key, const struct cursor *cursor)
{
	int64_t value;
	double fraction;

	memcpy(&value, cursor->value, sizeof value);
	memcpy(&fraction, cursor->value, sizeof fraction);
	if (cursor->type == CURSOR_FRACTION)
		BSON_APPEND_DOUBLE(doc, key, fraction);
	else if (cursor->type == CURSOR_DATE)
		BSON_APPEND_DATE_TIME(doc, key, value);
	else if (cursor->type == CURSOR_NUMBER)
		BSON_APPEND_INT64(doc, key, value);
	else
		BSON_APPEND_NULL(doc, key);
}

static void append_id(struct arena *arena, bson_t *doc, const char *further,
		      const struct cursor *cursor)
{
	bson_t *bound = DOC(arena, NULL);

	if (cursor->id_length == sizeof(struct id))
		BSON_APPEND_OID(bound, further, (const bson_oid_t *)cursor->id);
	else
		bson_append_utf8(bound, further, -1, cursor->id, (int)cursor->id_length);
	BSON_APPEND_DOCUMENT(doc, "_id", bound);
}

/* One run of records after the cursor: those of the list to which a further condition applies. Each repeats the whole
 * filter, so that MongoDB answers each from an index in order and merges them. */
static void append_run(struct arena *arena, struct doc_array *runs, const bson_t *filter,
		       const bson_t *condition)
{
	doc_array_doc(runs,
		      DOC(arena, LIST("$and", BCON_DOCUMENT(filter), BCON_DOCUMENT(condition))));
}

/*
 * After the cursor: equal in the order field and further in _id, or further in the order field. Older records may lack
 * the field; they sort as null, below everything, and no comparison finds them.
 */
static const bson_t *filter_behind(struct arena *arena, const struct list_order *order,
				   const bson_t *filter, const struct cursor *cursor)
{
	const char *further = order->ascending ? "$gt" : "$lt", *field = order->field;
	bson_t *tie = DOC(arena, NULL), *value = DOC(arena, NULL), *beyond = DOC(arena, NULL);
	struct doc_array runs = doc_array_new(arena);

	append_id(arena, tie, further, cursor);
	append_value(tie, field, cursor);
	append_run(arena, &runs, filter, tie);
	append_value(value, cursor->type == CURSOR_NULL ? "$ne" : further, cursor);
	BSON_APPEND_DOCUMENT(beyond, field, value);
	if (cursor->type != CURSOR_NULL || order->ascending)
		append_run(arena, &runs, filter, beyond);
	if (cursor->type != CURSOR_NULL && !order->ascending)
		append_run(arena, &runs, filter, DOC(arena, NONE(field)));
	return DOC(arena, ARRAY("$or", runs.doc));
}

const bson_t *cursor_filter(struct arena *arena, const struct list_order *order,
			    const bson_t *filter, const char *text)
{
	struct cursor cursor;

	return cursor_read(arena, order, text, &cursor) ?
		       filter_behind(arena, order, filter, &cursor) :
		       NULL;
}
