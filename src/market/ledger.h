/*
 * The journal: every coin that ever moved, one immutable row a movement.
 *
 * Accounts: user:<id>, held:<withdrawal>, escrow:<task>, and six that have no balance document because it
 * would be the hottest row there is; they are sums over the journal: grants, sales, payouts, forfeits,
 * adjustments, opening. A row's _id is made from the business event ("approve:<submission>"), so doing it twice
 * collides instead of paying twice.
 */
#ifndef MARKET_LEDGER_H
#define MARKET_LEDGER_H

#include "market/market.h"

#define ACCOUNT_GRANTS "grants"
#define ACCOUNT_SALES "sales"
#define ACCOUNT_PAYOUTS "payouts"
#define ACCOUNT_FORFEITS "forfeits"
#define ACCOUNT_ADJUSTMENTS "adjustments"
#define ACCOUNT_OPENING "opening"

/* "user:<id>", "escrow:<task>", "held:<withdrawal>"; in the arena. */
const char *account_user(struct arena *arena, const struct id *user);
const char *account_escrow(struct arena *arena, const struct id *task);
const char *account_held(struct arena *arena, const struct id *withdrawal);

struct transfer {
	const char *key; /* the row's _id */
	const char *from, *to;
	int64_t coins; /* above 0 */
	const char *kind; /* bonus, task, slots, reward, refund, hold, payout, release … */
	const struct id *user, *task; /* whom and what it concerns; NULL: none */
	const struct id *buyer; /* of a reward: who paid for the task; NULL: none */
};

/* Adds the journal row to an event. The balances are changed by the event's other steps. taken: the error when it was
 * moved before. */
void ledger_move(const struct call *call, struct event *event, const struct transfer *transfer,
		 enum err taken);

/* The row as a document, for those who write many at once. */
bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now);

#endif
