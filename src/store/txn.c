#include "store/txn.h"

#include "store/doc.h"
#include "store/mark.h"

#include <string.h>

void txn_start(struct txn *txn, struct arena *arena)
{
	memset(txn, 0, sizeof *txn);
	txn->arena = arena;
}

static struct step *step_add(struct txn *txn, enum collection in, enum err on_miss)
{
	txn->steps = arena_grow(txn->arena, txn->steps, txn->count, &txn->room, sizeof *txn->steps);
	struct step *step = &txn->steps[txn->count++];
	memset(step, 0, sizeof *step);
	step->in = in;
	step->on_miss = on_miss;
	return step;
}

void txn_update(struct txn *txn, enum collection in, const bson_t *filter, const bson_t *change,
		enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_UPDATE;
	step->filter = mark_ask(txn->arena, in, filter);
	step->of_any = filter;
	step->change = change;
}

void txn_update_before(struct txn *txn, enum collection in, const bson_t *filter,
		       const bson_t *change, enum err on_miss)
{
	txn_update(txn, in, filter, change, on_miss);
	txn->steps[txn->count - 1].read = READ_BEFORE;
}

void txn_update_after(struct txn *txn, enum collection in, const bson_t *filter,
		      const bson_t *change, enum err on_miss)
{
	txn_update(txn, in, filter, change, on_miss);
	txn->steps[txn->count - 1].read = READ_AFTER;
}

void txn_insert(struct txn *txn, enum collection in, const bson_t *doc, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_INSERT;
	step->doc = mark_add(txn->arena, in, doc);
}

void txn_remove(struct txn *txn, enum collection in, const bson_t *filter, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_REMOVE;
	step->filter = mark_ask(txn->arena, in, filter);
	step->of_any = filter;
}

void txn_absent(struct txn *txn, enum collection in, const bson_t *filter, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_ABSENT;
	step->filter = filter;
}

void txn_of_any(struct txn *txn)
{
	struct step *step = &txn->steps[txn->count - 1];

	step->filter = step->of_any;
}

const bson_t *txn_found(const struct txn *txn, enum collection in)
{
	for (size_t i = txn->count; i-- > 0;)
		if (txn->steps[i].in == in && txn->steps[i].found)
			return txn->steps[i].found;
	return NULL;
}

const bson_t *txn_inserted(const struct txn *txn, enum collection in)
{
	for (size_t i = 0; i < txn->count; i++)
		if (txn->steps[i].in == in && txn->steps[i].kind == STEP_INSERT)
			return txn->steps[i].doc;
	return NULL;
}

/* Did a guard fail because the record, which its filter names by its id, lacks the mark? */
static bool met_unmarked(struct db *db, const struct txn *txn)
{
	const struct step *missed = txn->missed;
	const bson_t *found = NULL;
	struct id id;

	if (!missed || missed->filter == missed->of_any || !doc_id(missed->of_any, "_id", &id))
		return false;
	bson_t *filter = DOC(txn->arena, "_id", BCON_ID(&id), MARK, BCON_NULL);
	return db_find_one(db, txn->arena, missed->in, filter, NULL, &found) == OK && found;
}

enum err txn_carry_out(struct db *db, struct arena *arena,
		       enum err (*build)(void *context, struct txn *txn), void *context)
{
	enum err err = OK;

	for (int tries = 0; tries < CARRY_OUT_TRIES; tries++) {
		struct txn *txn = arena_alloc(arena, sizeof *txn);

		txn_start(txn, arena);
		err = build(context, txn);
		if (err != OK)
			return err;
		err = txn_commit(db, txn);
		if (err == OK || err == ERR_UNAVAILABLE || err == ERR_INTERNAL ||
		    err == ERR_NOT_ADOPTED)
			return err;
		if (met_unmarked(db, txn))
			return ERR_NOT_ADOPTED;
		/* what the guard met may not have been confirmed yet, and reads do not see it before */
		if (db_confirm(db) != OK)
			return ERR_UNAVAILABLE;
	}
	return err;
}
