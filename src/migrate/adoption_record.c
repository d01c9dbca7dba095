/* Records of a batch: finding one, noting which rules concern it, ending its own part of its plan. */
#include "migrate/adoption_private.h"

#include "store/doc.h"

/* They were read in the order of their _id, in which ObjectIds stand together. */
struct record *record_of(const struct batch *batch, const struct id *id)
{
	size_t first = 0, end = batch->count;

	while (first < end && !batch->records[first].has_id)
		first++;
	while (first < end && !batch->records[end - 1].has_id)
		end--;
	return row_find(batch->records + first, end - first, sizeof *batch->records, id);
}

void note_id(struct batch *batch, struct record *record, enum rule rule, const struct id *id,
	     int64_t coins)
{
	record->notes = arena_grow(batch->arena, record->notes, record->note_count,
				   &record->note_room, sizeof *record->notes);
	record->notes[record->note_count++] =
		(struct note){ .rule = rule, .id = *id, .coins = coins };
}

void note(struct batch *batch, struct record *record, enum rule rule, int64_t coins)
{
	note_id(batch, record, rule, &record->id, coins);
}

void record_change(struct batch *batch, struct record *record, const struct pass *pass, int mark)
{
	struct arena *arena = batch->arena;

	BSON_APPEND_INT32(record->set, MARK, mark);
	if (record->key)
		BSON_APPEND_UTF8(record->set, pass->key->field, record->key);
	txn_same(&record->txn, pass->in, record->doc, ERR_CONFLICT);
	txn_update(&record->txn, pass->in, record->filter, DOC(arena, PART("$set", record->set)),
		   ERR_CONFLICT);
	txn_of_any(&record->txn);
}
