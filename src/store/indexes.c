#include "store/indexes.h"

#include "base/count.h"
#include "store/doc.h"
#include "store/mark.h"

#include <string.h>

/* "role -coins" as { role: 1, coins: -1 } */
static bson_t *keys_of(struct arena *arena, const struct index_row *row)
{
	bson_t *keys = doc_new(arena);
	size_t length;

	for (const char *at = row->keys; *at; at += length + (at[length] == ' ')) {
		bool down = *at == '-';

		at += down;
		length = strcspn(at, " ");
		bson_append_int32(keys, at, (int)length, down ? -1 : 1);
	}
	return keys;
}

const bson_t *index_spec(struct arena *arena, const struct index_row *row)
{
	bson_t *spec = DOC(arena, TEXT("name", row->name), PART("key", keys_of(arena, row)));

	if (row->options)
		bson_concat(spec, doc_parse(arena, row->options));
	return spec;
}

/* ---- those that a database has ---- */

/* Has an index an option that changes what it serves for, or what it refuses? */
static bool is_plain(const bson_t *index)
{
	return !bson_has_field(index, "collation") && !bson_has_field(index, "sparse") &&
	       !bson_has_field(index, "partialFilterExpression");
}

/* Directions may be stored as any kind of number. */
static bool same_keys(const bson_t *a, const bson_t *b)
{
	bson_iter_t left, right;
	int64_t one, other;

	if (bson_count_keys(a) != bson_count_keys(b) || !bson_iter_init(&left, a) ||
	    !bson_iter_init(&right, b))
		return false;
	while (bson_iter_next(&left) && bson_iter_next(&right))
		if (strcmp(bson_iter_key(&left), bson_iter_key(&right)) ||
		    !doc_iter_number(&left, &one) || !doc_iter_number(&right, &other) ||
		    one != other)
			return false;
	return true;
}

/*
 * A unique index on one of these fields alone refuses nothing that we write: an address that somebody has is refused
 * anyway, and the others are written only along with unique keys of ours. But it takes a missing field for null, so
 * only one record could lack it.
 */
static const struct {
	enum collection in;
	const char *field;
	bool always; /* every record has it */
} unique_anyway[] = {
	{ USERS, "email", true },
	{ USERS, "googleId", false },
	{ PAYMENTS, "transaction_id", false },
};

/* Are only records in it that have the field? */
static bool only_where_there(const bson_t *index, const char *field)
{
	bson_t filter;

	return doc_bool(index, "sparse", false) ||
	       (doc_part(index, "partialFilterExpression", &filter) &&
		bson_has_field(&filter, field));
}

static bool is_harmless(enum collection in, const bson_t *index, const bson_t *keys)
{
	bson_iter_t at;
	int64_t direction;

	/* no two records have the same _id */
	if (bson_has_field(keys, "_id"))
		return true;
	if (bson_count_keys(keys) != 1 || bson_has_field(index, "collation") ||
	    !bson_iter_init(&at, keys) || !bson_iter_next(&at) || !doc_iter_number(&at, &direction))
		return false;
	for (size_t i = 0; i < COUNT_OF(unique_anyway); i++)
		if (unique_anyway[i].in == in &&
		    !strcmp(unique_anyway[i].field, bson_iter_key(&at)))
			return unique_anyway[i].always ||
			       only_where_there(index, unique_anyway[i].field);
	return false;
}

static bool is_ours(struct arena *arena, enum collection in, const bson_t *index,
		    const bson_t *keys)
{
	for (size_t i = 0; i < index_row_count; i++)
		if (index_rows[i].in == in && index_rows[i].options &&
		    doc_text_is(index, "name", index_rows[i].name) &&
		    same_keys(keys, keys_of(arena, &index_rows[i])))
			return true;
	return false;
}

/* Unique keys, and what adoption finds single records by. What it reads as a whole needs none. */
bool index_is_early(const struct index_row *row)
{
	return (int)row->in >= MARKED_COUNT || (row->options && strstr(row->options, "unique")) ||
	       !strcmp(row->name, "task_status") ||
	       (row->in == WITHDRAWALS && !strcmp(row->name, "worker_created"));
}

bool index_refuses(struct arena *arena, enum collection in, const bson_t *index)
{
	bson_t keys;

	return doc_bool(index, "unique", false) && doc_part(index, "key", &keys) &&
	       !is_ours(arena, in, index, &keys) && !is_harmless(in, index, &keys);
}

static const struct {
	enum collection in;
	const char *name;
} superseded[] = {
	{ TASKS, "open_by_created" },  { TASKS, "open_by_payable" }, { TASKS, "open_by_deadline" },
	{ TASKS, "open_by_category" }, { TASKS, "open_by_words" },   { TASKS, "open_by_expiry" },
	{ TASKS, "active_slots" },
};

bool index_is_superseded(struct arena *arena, enum collection in, const bson_t *index)
{
	(void)arena;
	for (size_t i = 0; i < COUNT_OF(superseded); i++)
		if (superseded[i].in == in && doc_text_is(index, "name", superseded[i].name))
			return true;
	return false;
}

bool index_serves(struct arena *arena, const bson_t *index, const struct index_row *row)
{
	const char *name = doc_text(index, "name");
	bson_t keys;

	if (!name || !doc_part(index, "key", &keys) || !same_keys(&keys, keys_of(arena, row)) ||
	    index_refuses(arena, row->in, index))
		return false;
	return !strcmp(name, row->name) || (!row->options && is_plain(index));
}
