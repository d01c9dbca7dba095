/*
 * Running the steps of transactions, within a transaction of MongoDB or, one step alone, without.
 *
 * Several callers' transactions run in lock step: what all of them have at the same place travels in one command, in
 * the order of the callers. Those whose steps are of other kinds have their turn after that. touches.h says why each of
 * them may rely on what it finds as if it ran by itself.
 */
#ifndef STORE_STEPS_H
#define STORE_STEPS_H

#include "store/txn.h"

#include <mongoc/mongoc.h>

struct touches;

/* How one try of a step or of the whole ended. AGAIN: it conflicted with others, and nothing happened. */
enum outcome { DONE, REFUSED, AGAIN, BROKEN };

/* One try to run some transactions as one. */
struct run {
	struct db *db;
	struct txn *const *txns;
	size_t count;
	struct touches *touches; /* of several callers, in lock step; NULL: one after the other */
	const bson_t *options; /* the session's, for each command; NULL outside a transaction */
	int64_t deadline; /* steady milliseconds */
	bool sent; /* this try has sent a step */
	enum err err; /* when the outcome is REFUSED or BROKEN */
	/* Of those in lock step, when the outcome is REFUSED: whose step failed. NULL: of a command for many only
	 * `matched` found their document, and which did is not known. */
	struct txn *culprit;
	size_t matched;
};

/* Runs what each of these transactions has that has not run. */
enum outcome steps_run(struct run *run, struct txn *const *txns, size_t count);

/* For a try that has sent nothing, as what it is for was done before: that must be confirmed before we say so. */
enum outcome steps_confirm(struct run *run);

/* What a reply that is an error, or tells of one, says of a try. */
enum outcome steps_failed(struct run *run, const bson_t *reply, const bson_error_t *error,
			  const char *doing);

#endif
