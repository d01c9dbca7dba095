#include "store/mark.h"

#include "store/doc.h"

bool is_marked(const bson_t *record)
{
	return doc_whole(record, MARK, 0) > 0;
}

/* The document with one more member, unless it says something of the mark already. */
static const bson_t *with(struct arena *arena, enum collection in, const bson_t *doc,
			  const bson_t *member)
{
	if ((int)in >= MARKED_COUNT || bson_has_field(doc, MARK))
		return doc;
	bson_t *copy = doc_copy(arena, doc);
	bson_concat(copy, member);
	return copy;
}

const bson_t *mark_add(struct arena *arena, enum collection in, const bson_t *doc)
{
	return with(arena, in, doc, DOC(arena, INT(MARK, MARK_OURS)));
}

const bson_t *mark_ask(struct arena *arena, enum collection in, const bson_t *filter)
{
	return with(arena, in, filter, DOC(arena, SUB(MARK, INT("$gt", 0))));
}

enum err unmarked_count(struct db *db, struct arena *arena, int64_t most, const bson_t **unmarked)
{
	bson_t *filter = DOC(arena, NONE(MARK)), *counts = DOC(arena, NULL);
	enum err err = OK;
	int64_t count;

	for (enum collection in = 0; in < MARKED_COUNT && err == OK; in++) {
		err = db_count(db, arena, in, filter, most, &count);
		if (count)
			BSON_APPEND_INT64(counts, collection_name(in), count);
	}
	*unmarked = counts;
	return err;
}
