#include "store/mark.h"

#include "store/doc.h"

#include <assert.h>

static_assert(USERS == 0 && NOTIFICATIONS == 5, "the marked collections come first");

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

enum err unmarked_count(struct db *db, struct arena *arena, int64_t most, struct unmarked *unmarked)
{
	bson_t *filter = doc_parse(arena, "{" UNMARKED "}");
	enum err err = OK;

	*unmarked = (struct unmarked){ 0 };
	for (int in = 0; in < MARKED_COUNT && err == OK; in++) {
		err = db_count(db, arena, (enum collection)in, filter, most, &unmarked->of[in]);
		unmarked->any |= unmarked->of[in] > 0;
	}
	return err;
}

bson_t *unmarked_doc(struct arena *arena, const struct unmarked *unmarked)
{
	bson_t *doc = DOC(arena, NULL);

	for (int in = 0; in < MARKED_COUNT; in++)
		if (unmarked->of[in])
			BSON_APPEND_INT64(doc, collection_name((enum collection)in),
					  unmarked->of[in]);
	return doc;
}

struct unmarked unmarked_read(const bson_t *doc)
{
	struct unmarked unmarked = { 0 };

	for (int in = 0; in < MARKED_COUNT; in++) {
		unmarked.of[in] = doc_whole(doc, collection_name((enum collection)in), 0);
		unmarked.any |= unmarked.of[in] > 0;
	}
	return unmarked;
}
