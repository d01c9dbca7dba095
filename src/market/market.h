/*
 * The market: what the business does, and the rules of who may do what to which record.
 *
 * Functions that change something build a transaction and leave its running to the caller (store/txn.h); functions
 * that only read answer at once. They speak of records and callers, never of HTTP or JSON.
 */
#ifndef MARKET_MARKET_H
#define MARKET_MARKET_H

#include "base/caller.h"
#include "base/config.h"
#include "base/error.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdint.h>

/* One call upon the market: who asks, when, and with what. Everything lives as long as the arena. */
struct call {
	struct arena *arena;
	struct db *db;
	const struct config *config;
	const struct caller *caller; /* .known is false when the service itself acts */
	const char *request_id;
	int64_t now;
	struct err_detail *detail; /* filled when a call fails with more to tell */
};

/* Who stands in the journal for this call: the caller's id, or "service". */
const char *call_actor(const struct call *call);

/* Is the record's owner field the caller's id? */
bool call_owns(const struct call *call, const bson_t *record, const char *owner_field);
bool call_is_admin(const struct call *call);

/* What names a list, or a total, that is the caller's own (list_name()). */
const char *call_own_name(const struct call *call, const char *name);

#endif
