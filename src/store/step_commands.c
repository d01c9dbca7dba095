#include "store/step_commands.h"

#include "store/doc.h"

/* ---- what travels together ---- */

/* Is the item's document that of one of the items before it? Then their command leaves an image that is not its own. */
static bool repeats(const struct item *items, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (items[i].touched == items[index].touched)
			return true;
	return false;
}

/* Steps at other places than the first one's are neighbours in a transaction; those at the same place are of other
 * transactions, in lock step with it. */
static bool joins(const struct item *items, size_t index)
{
	const struct item *first = items, *item = &items[index];
	const struct step *step = first->step;
	bool in_step = item->place == first->place;

	if (item->step->kind != step->kind || item->step->in != step->in)
		return false;
	switch (step->kind) {
	case STEP_INSERT:
	case STEP_SAME:
		return true;
	case STEP_UPDATE:
		if (step->read || item->step->read)
			return in_step && step->read == READ_AFTER && !repeats(items, index);
		return in_step || first->txn->together;
	case STEP_REMOVE:
		return in_step;
	default:
		return false;
	}
}

size_t items_together(const struct item *items, size_t count)
{
	size_t next = 1;

	while (next < count && joins(items, next))
		next++;
	return next;
}

/* ---- commands ---- */

/* A change by operators is a document, one by stages an array. */
static void change_append(bson_t *command, const char *name, const bson_t *change)
{
	if (bson_has_field(change, "0"))
		BSON_APPEND_ARRAY(command, name, change);
	else
		BSON_APPEND_DOCUMENT(command, name, change);
}

static void write_append(struct doc_array *writes, const struct step *step)
{
	if (step->kind == STEP_INSERT) {
		doc_array_doc(writes, step->doc);
		return;
	}
	bson_t *write = BCON_NEW(PART("q", step->filter));
	if (step->kind == STEP_REMOVE)
		BSON_APPEND_INT32(write, "limit", 1);
	else
		change_append(write, "u", step->change);
	doc_array_doc(writes, write);
	bson_destroy(write);
}

static bson_t *write_command(struct arena *arena, const char *name, const char *list,
			     const struct item *items, size_t count)
{
	bson_t *command = DOC(arena, TEXT(name, collection_name(items->step->in)));
	bson_t writes;
	struct doc_array array = { .doc = &writes };

	BSON_APPEND_ARRAY_BEGIN(command, list, &writes);
	for (size_t i = 0; i < count; i++)
		write_append(&array, items[i].step);
	bson_append_array_end(command, &writes);
	return command;
}

static bson_t *modify_command(struct arena *arena, const struct step *step)
{
	bson_t *command = DOC(arena, TEXT("findAndModify", collection_name(step->in)),
			      PART("query", step->filter), BOOL("new", step->read == READ_AFTER));

	change_append(command, "update", step->change);
	return command;
}

/* The ids of the documents that the steps are about, as a filter. */
static bson_t *among(struct arena *arena, const struct item *items, size_t count)
{
	struct doc_array ids = doc_array_new(arena);

	for (size_t i = 0; i < count; i++)
		doc_array_field(&ids,
				items[i].step->doc ? items[i].step->doc : items[i].step->filter,
				"_id");
	return DOC(arena, SUB("_id", ARRAY("$in", ids.doc)));
}

static bson_t *read_command(struct arena *arena, const struct item *items, size_t count)
{
	return DOC(arena, TEXT("find", collection_name(items->step->in)),
		   PART("filter", among(arena, items, count)), INT("batchSize", (int32_t)count),
		   BOOL("singleBatch", true));
}

bson_t *images_command(struct arena *arena, const struct item *items, size_t count)
{
	return read_command(arena, items, count);
}

static bson_t *same_command(struct arena *arena, const struct item *items, size_t count)
{
	bson_t *command = read_command(arena, items, count);

	bson_concat(command, DOC(arena, SUB("sort", INT("_id", 1))));
	return command;
}

bson_t *look_command(struct arena *arena, enum collection in, const bson_t *filter)
{
	return DOC(arena, TEXT("find", collection_name(in)), PART("filter", filter),
		   INT("limit", 1), BOOL("singleBatch", true), SUB("projection", INT("_id", 1)));
}

bson_t *items_command(struct arena *arena, const struct item *items, size_t count)
{
	switch (items->step->kind) {
	case STEP_SAME:
		return same_command(arena, items, count);
	case STEP_INSERT:
		return write_command(arena, "insert", "documents", items, count);
	case STEP_REMOVE:
		return write_command(arena, "delete", "deletes", items, count);
	default:
		return items->step->read && count == 1 ?
			       modify_command(arena, items->step) :
			       write_command(arena, "update", "updates", items, count);
	}
}
