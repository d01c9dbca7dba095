/*
 * Events as data: what a call does to the database, built as a value first, run by one function.
 *
 * An event is a list of steps. Each is a guarded update (collection, filter, change, and the error that it
 * means when nothing matched), a guarded removal of one document, or an insert (and the error that it means when its
 * key is taken). What a call has to know beforehand it reads outside; whether that still holds is said in the
 * filters. store_commit() and store_commit_group() alone open transactions: all steps happen, or none.
 *
 * What is inserted gets the mark of our books, and steps change marked records alone (store/mark.h), so a record that
 * came from elsewhere moves no coins, whoever forgets about it. Steps that move none may say that they take any.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

#include <stddef.h>

struct step {
	enum { STEP_UPDATE, STEP_INSERT, STEP_REMOVE, STEP_ABSENT } kind;
	enum collection in;
	/* update; the others, but inserts, have the filter alone. A change is operators ($set, $inc, …) or an array of
	 * stages, where what is set may depend on what is stored. */
	const bson_t *filter, *change;
	const bson_t *of_any; /* the filter as it was given, without the mark */
	const bson_t *doc; /* insert */
	enum err otherwise; /* what it means when nothing matched, or the key is taken */
	enum {
		READ_NOTHING,
		READ_BEFORE,
		READ_AFTER
	} read; /* update: which image of the document is wanted */
	const bson_t *found; /* … and here it is, once the step has run */
};

struct event {
	struct arena *arena;
	struct step *steps;
	size_t count, room;
	size_t planned; /* steps there were before hooks added theirs; kept by store_commit() */
	const struct step *missed; /* after an error: whose filter found nothing; else NULL */

	/* Neighbouring updates of one collection travel in one command, as neighbouring inserts always do. For many that
	 * all mean the same when one of them finds nothing, as which one it was is not known then. */
	bool together;

	/* The id of the one document that many events may want at once (a popular task, a busy user): those of
	 * one process queue for it instead of colliding. NULL: none. */
	const struct id *hot;

	/* Steady milliseconds after which it is not tried again; 0: COMMIT_MS after store_commit() was called. It shortens
	 * that, and does not lengthen it. */
	int64_t deadline;

	/* Run when all steps so far have matched, before the commit, and may add steps: first follow, for changes whose
	 * amounts depend on what was found (how many slots a cancelled task still had), then settle, for what depends on
	 * what those found (debts, ledger.h), then finish, which completes an idempotency key with the answer. All run
	 * again when the transaction does. May be NULL. */
	enum err (*follow)(void *context, struct event *event);
	void *follow_context;
	enum err (*settle)(void *context, struct event *event);
	void *settle_context;
	enum err (*finish)(void *context, struct event *event);
	void *finish_context;

	/* Runs once it has happened, outside the transaction (is the task complete now?). A crash before it must
	 * be healed by the sweep. May be NULL. */
	void (*after)(struct db *db, struct arena *arena, const struct id *subject);
	struct id subject;
};

void event_start(struct event *event, struct arena *arena);

/* Adds a step. */
void event_update(struct event *event, enum collection in, const bson_t *filter,
		  const bson_t *change, enum err otherwise);
void event_insert(struct event *event, enum collection in, const bson_t *doc, enum err otherwise);
/* Removes the one document that the filter matches. */
void event_remove(struct event *event, enum collection in, const bson_t *filter,
		  enum err otherwise);
/* As event_update, and the document as it was before, or is after, can be read with event_found(). */
void event_update_before(struct event *event, enum collection in, const bson_t *filter,
			 const bson_t *change, enum err otherwise);
void event_update_after(struct event *event, enum collection in, const bson_t *filter,
			const bson_t *change, enum err otherwise);
/* A look within the transaction: nothing may match. The filter is taken as it is. */
void event_absent(struct event *event, enum collection in, const bson_t *filter,
		  enum err otherwise);

/* The last step takes records without the mark, too: for changes that move no coins. */
void event_of_any(struct event *event);

/* The document of the last such update of a collection; NULL before any has run. */
const bson_t *event_found(const struct event *event, enum collection in);
/* The first document inserted into a collection; NULL when there is none. */
const bson_t *event_inserted(const struct event *event, enum collection in);

/*
 * Makes the event happen: all steps or none. OK, the `otherwise` of the step that failed, what finish said, or
 * ERR_UNAVAILABLE when it could not be done in COMMIT_MS (retries of conflicts included).
 */
#define COMMIT_MS 3000
enum err store_commit(struct db *db, struct event *event);

/*
 * The same for several events that are one job's, in one transaction: all happen or none does. It saves waiting for
 * the disk after each. Anything that one of them meets, and conflicts that do not end within GROUP_MS, end it for
 * all; then each is to be built and run alone. They queue for no hot document, so keep groups small.
 */
#define GROUP_MS 300
enum err store_commit_group(struct db *db, struct event *const *events, size_t count);

/*
 * Builds an event and makes it happen. A guard that fails tells of a record that changed since it was read: the event is
 * then built anew from fresh reads, up to CARRY_OUT_TRIES times in all, so that what is told in the end is true now,
 * and was confirmed: ERR_UNAVAILABLE when what the guard met cannot be.
 * ERR_NOT_ADOPTED when the record that failed its guard lacks the mark.
 * build gets an event without steps, and its errors end it. Having left nothing to do is OK once the majority has what
 * build has read: what was done before must not be taken back after we said so.
 */
#define CARRY_OUT_TRIES 4
enum err event_carry_out(struct db *db, struct arena *arena,
			 enum err (*build)(void *context, struct event *event), void *context);

#endif
