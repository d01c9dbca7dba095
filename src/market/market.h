/*
 * The market: what the business does, and the rules of who may do what to which record.
 *
 * Functions that only read return at once. Functions that change something read what they need, add steps to a
 * transaction (store/txn.h), and leave it to their caller to commit it. A name that ends in _plan only adds the steps,
 * for records as they were read, so that unit tests need no database.
 *
 * Comments in this folder say in short: the errors that a function returns or that its steps may end with; "Found:
 * USERS" for the documents that txn_found() has once the transaction has run; "Inserted: TASKS" for those of
 * txn_inserted().
 */
#ifndef MARKET_MARKET_H
#define MARKET_MARKET_H

#include "auth/caller.h"
#include "base/config.h"
#include "base/error.h"
#include "store/list.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdint.h>

/* One call of the market: who asks, when, and with what. All of it lives as long as the arena. */
struct call {
	struct arena *arena;
	struct db *db;
	const struct config *config;
	const struct caller *caller; /* .known is false when the service itself acts */
	const char *request_id;
	int64_t now;
	bool again; /* planned once more, as a guard of the transaction failed */
	struct err_detail *detail; /* filled when an error has more to say than its code */
};

/* Who stands in the journal for this call: the caller's id, or "service". */
const char *call_actor(const struct call *call);

/* Is the record's owner field the caller's id? */
bool call_owns(const struct call *call, const bson_t *record, const char *owner_field);
bool call_is_admin(const struct call *call);

/* Reads a record. ERR_NOT_FOUND. */
enum err call_read(const struct call *call, enum collection in, const struct id *id,
		   const bson_t **record);

/* The caller's own records, newest first: those whose owner field is the caller's id, and to which the further members
 * of a filter apply (NULL: none). */
struct list call_own_list(const struct call *call, enum collection in, const char *owner_field,
			  const bson_t *further, const char *name);

/* Tells the sentence with an error; returns the error. */
enum err call_refuse(struct call *call, enum err err, const char *sentence);

/* The name of a list or total that only concerns the caller (list_name()). */
const char *call_own_name(const struct call *call, const char *name);

#endif
