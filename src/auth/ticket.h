/*
 * Tickets: what stands in for a token where no header can be sent, as with a browser's EventSource.
 *
 * A ticket is good once, for TICKET_LIFE_MS. It is no better than the token that asked for it: what ends that token
 * ends the ticket. The database keeps only its hash.
 */
#ifndef AUTH_TICKET_H
#define AUTH_TICKET_H

#include "base/caller.h"
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
