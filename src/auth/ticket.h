/*
 * Tickets: they take the place of a token where no header can be sent, as with a browser's EventSource.
 *
 * A ticket can be used once, within TICKET_LIFE_MS. Whatever ends the token with which it was asked for ends the
 * ticket, too. The database has only its hash.
 */
#ifndef AUTH_TICKET_H
#define AUTH_TICKET_H

#include "auth/caller.h"
#include "base/error.h"
#include "store/txn.h"

#define TICKET_LIFE_MS INT64_C(60000)

/* A new ticket for this caller, in the transaction's arena. now: milliseconds. Inserted: TICKETS. */
char *ticket_issue(struct txn *txn, const struct caller *caller, int64_t now);

/*
 * Spends a ticket and fills the caller as caller_read() does. ERR_UNAUTHORIZED (unknown, spent, too old, or a user
 * whose token would be refused), ERR_TOKEN_EXPIRED, ERR_UNAVAILABLE; it is not spent then.
 */
enum err ticket_redeem(struct db *db, struct arena *arena, const char *ticket, int64_t now,
		       struct caller *caller);

#endif
