/* From a transaction as a value to one that happened: alone or in a group, planned again where a guard failed. */
#include "base/clock.h"
#include "store/commit.h"
#include "store/commit_group.h"
#include "store/doc.h"
#include "store/mark.h"

#include <limits.h>

/* ---- committing ---- */

static enum err committed(struct db *db, struct txn *const *txns, size_t count, int64_t deadline)
{
	struct run run = { .db = db, .txns = txns, .count = count, .deadline = deadline };

	return commit_tries(&run, UINT_MAX) == DONE ? OK : run.err;
}

enum err txn_commit(struct db *db, struct txn *txn)
{
	int64_t deadline = clock_steady() + COMMIT_MS;
	enum err err;

	if (txn->deadline && txn->deadline < deadline)
		deadline = txn->deadline;
	txn->planned = txn->count;
	if (!commit_is_one_step(txn) && commit_may_share(txn) &&
	    commit_shared(db, txn, deadline, &err))
		return err;
	return committed(db, &txn, 1, deadline);
}

enum err txn_commit_group(struct db *db, struct txn *const *txns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		txns[i]->planned = txns[i]->count;
	return count ? committed(db, txns, count, clock_steady() + GROUP_MS) : OK;
}

/* ---- carrying out ---- */

/* Did a guard fail because the record, which its filter names by its id, lacks the mark? */
static bool met_unmarked(struct db *db, const struct txn *txn)
{
	const struct step *missed = txn->missed;
	const bson_t *found = NULL;
	struct id id;

	if (!missed || missed->filter == missed->of_any || !doc_id(missed->of_any, "_id", &id))
		return false;
	bson_t *filter = DOC(txn->arena, ID("_id", &id), NONE(MARK));
	return db_find_one(db, txn->arena, missed->in, filter, NULL, &found) == OK && found;
}

enum err txn_carry_out(struct db *db, struct arena *arena, txn_decision plan, void *context,
		       const struct txn **done)
{
	enum err err = OK;

	for (int tries = 0; tries < CARRY_OUT_TRIES; tries++) {
		struct txn *txn = arena_alloc(arena, sizeof *txn);

		txn_start(txn, arena);
		err = plan(context, txn);
		if (err != OK)
			return err;
		err = txn_commit(db, txn);
		if (err == OK && done)
			*done = txn;
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
