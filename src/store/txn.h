/*
 * Transactions as data: what a call does to the database, built as a value first, run by one function.
 *
 * A transaction is a list of steps. Each is a guarded update (collection, filter, change, and the error that it means
 * when nothing matched), a guarded removal of one document, an insert (and the error that it means when its key is
 * taken), a look that a document is unchanged, or a decision that adds steps by what was found. What a call has to know
 * beforehand it reads before the transaction; the filters say what must still be true in it. txn_commit() and
 * txn_commit_group() alone open transactions: all steps happen, or none.
 *
 * Callers who commit at the same moment may share a transaction of MongoDB (commit_group.h). Each of them gets what it
 * would get alone: the steps of all are run as if one transaction came after the other, and who keeps the others from
 * committing goes alone. A decision may run in the thread of another of these callers, while its own waits.
 *
 * What is inserted gets the mark of our books, and steps change marked records alone (store/mark.h), so a record that
 * came from elsewhere moves no coins, even where a rule forgets about it. A step that moves none may take any record:
 * txn_of_any().
 */
#ifndef STORE_TXN_H
#define STORE_TXN_H

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

#include <stddef.h>

struct txn;

/* Adds steps, or refuses what is being done. */
typedef enum err (*txn_decision)(void *context, struct txn *txn);

struct step {
	enum { STEP_SAME, STEP_UPDATE, STEP_INSERT, STEP_REMOVE, STEP_THEN } kind;
	enum collection in;
	/* Of an update; a removal has the filter alone. A change is operators ($set, $inc, …), or an array of
	 * stages where what is set depends on what is stored. */
	const bson_t *filter, *change;
	const bson_t *of_any; /* the filter as it was given, without the mark */
	const bson_t *doc; /* to insert; of STEP_SAME: as it was read */
	enum err on_miss; /* the error when nothing matched, or the key is taken */
	/* Of an update: which image of the document is wanted, and that image, once the step has run. */
	enum { READ_NOTHING, READ_BEFORE, READ_AFTER } read;
	const bson_t *found;
	txn_decision then; /* of STEP_THEN */
	void *context;
};

struct txn {
	struct arena *arena;
	struct step *steps;
	size_t count, room;
	size_t ran; /* steps before this one have run, or are about to, and take no more changes */
	size_t planned; /* steps before this one were there before decisions added theirs */
	const struct step *missed; /* after an error: whose filter found nothing; else NULL */

	/* Neighbouring updates of one collection travel in one command, as neighbouring inserts always do. Only where
	 * all have the same on_miss, as it is not known which of them found nothing. */
	bool together;

	const void *about; /* what the plan leaves for whatever follows the commit; NULL: nothing */

	/* Steady milliseconds after which it is not tried again; 0: COMMIT_MS after txn_commit() was called. It
	 * shortens that, and does not lengthen it. */
	int64_t deadline;
};

void txn_start(struct txn *txn, struct arena *arena);

/*
 * Adds a step. An update that only adds to numbers of a document ($inc) folds into an earlier step of the same document
 * that has not run: the numbers are added up and the guards joined. It does so where both have the same on_miss, the
 * guards do not contradict each other, its own are about nothing that the earlier step changes, and the image before is
 * not wanted; into an insert where it has no guard.
 */
void txn_update(struct txn *txn, enum collection in, const bson_t *filter, const bson_t *change,
		enum err on_miss);
void txn_insert(struct txn *txn, enum collection in, const bson_t *doc, enum err on_miss);
/* Removes the one document that the filter matches. */
void txn_remove(struct txn *txn, enum collection in, const bson_t *filter, enum err on_miss);
/* As txn_update, and the document as it was before, or is after, can be read with txn_found(). */
void txn_update_before(struct txn *txn, enum collection in, const bson_t *filter,
		       const bson_t *change, enum err on_miss);
void txn_update_after(struct txn *txn, enum collection in, const bson_t *filter,
		      const bson_t *change, enum err on_miss);
/* A look within the transaction: the document is what it was when all of it was read, byte by byte. Then a change of it
 * needs no other guard than its _id, which MongoDB finds at half the cost. Neighbouring looks at a collection, in the
 * order of their ids, travel in one command. */
void txn_same(struct txn *txn, enum collection in, const bson_t *doc, enum err on_miss);

/* The last step takes records without the mark, too: for changes that move no coins. */
void txn_of_any(struct txn *txn);

/* A decision, made when all steps but decisions have matched, in the order in which they were added. What it adds
 * runs at once, before the next; all of it again when the transaction does. */
void txn_then(struct txn *txn, txn_decision then, void *context);

/* The document of the last txn_update_before() or txn_update_after() of a collection; NULL before any has run. */
const bson_t *txn_found(const struct txn *txn, enum collection in);
/* The first document inserted into a collection; NULL when there is none. */
const bson_t *txn_inserted(const struct txn *txn, enum collection in);
/* The same of the document with that id alone; NULL: none has. */
const bson_t *txn_found_of(const struct txn *txn, enum collection in, const struct id *id);
/* Does a step make, or remove, the document of that id? */
bool txn_inserts(const struct txn *txn, enum collection in, const struct id *id);
bool txn_removes(const struct txn *txn, enum collection in, const struct id *id);

/*
 * Makes the transaction happen: all steps or none. OK, the on_miss of the step that failed, what a decision said, or
 * ERR_UNAVAILABLE when it could not be done in COMMIT_MS (retries of conflicts included).
 */
#define COMMIT_MS 3000
enum err txn_commit(struct db *db, struct txn *txn);

/*
 * The same for several transactions of one job, as one: all of them happen or none does. So the job waits for the disk
 * once. When a step of any of them fails, or conflicts do not end within GROUP_MS, none happens, and the caller builds
 * and commits each alone. All conflict with whoever wants a document of one of them, so let them be few.
 */
#define GROUP_MS 300
enum err txn_commit_group(struct db *db, struct txn *const *txns, size_t count);

/*
 * Plans a transaction and makes it happen. A guard that fails means that a record changed since it was read. So what
 * the guard met is confirmed (db_confirm(); else ERR_UNAVAILABLE), and the transaction is planned anew from fresh
 * reads, up to CARRY_OUT_TRIES times in all: the error that is told in the end is true now. ERR_NOT_ADOPTED when the
 * record that failed its guard lacks the mark. plan gets a transaction without steps, and its errors end it. A plan
 * that adds no steps is OK once the majority has what it has read, as that must not be taken back after we said so.
 * *done is the one that happened; done may be NULL.
 */
#define CARRY_OUT_TRIES 4
enum err txn_carry_out(struct db *db, struct arena *arena, txn_decision plan, void *context,
		       const struct txn **done);

#endif
