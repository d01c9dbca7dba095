/*
 * The journal: every coin that ever moved, one immutable row a movement.
 *
 * Accounts: user:<id>, held:<withdrawal>, escrow:<task>, and seven that have no balance document because it
 * would be the hottest row there is; they are sums over the journal: grants, sales, payouts, forfeits,
 * adjustments, reversals, opening. A row's _id is made from the business event ("approve:<submission>"), so
 * doing it twice collides instead of paying twice.
 *
 * Here alone do balances of users change, but for what adoption finds: users.coins is the account user:<id>,
 * users.pending_coins what stands in their held:<withdrawal>.
 */
#ifndef MARKET_LEDGER_H
#define MARKET_LEDGER_H

#include "market/market.h"

#define ACCOUNT_GRANTS "grants"
#define ACCOUNT_SALES "sales"
#define ACCOUNT_PAYOUTS "payouts"
#define ACCOUNT_FORFEITS "forfeits"
#define ACCOUNT_ADJUSTMENTS "adjustments"
#define ACCOUNT_REVERSALS "reversals"
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
	const char *reason; /* an operator's; NULL: none */
	const struct id *user, *task; /* whom and what it concerns; NULL: none */
	const struct id *buyer; /* of a reward: who paid for the task; NULL: none */
	enum err taken; /* what it means when it was moved before */
};

/* The user's document, of which a movement changes the balances. */
struct holder {
	const bson_t *filter; /* finds it while it may move; NULL: as long as it is there */
	const bson_t *count; /* what else changes, as members of $inc; NULL: nothing */
	enum err on_miss; /* when the filter does not match */
};

/* Filter members: the user owes no coins for a payment that went back when they were spent. */
bson_t *ledger_owing_nothing(struct arena *arena);

/*
 * Adds to a transaction what moves coins: the change of the user's balances, and the journal row. The transfer names
 * the user. Coins that come to a user pay what they owe first (the transaction's settle: one such movement a
 * transaction). Found: USERS.
 */
void ledger_move(const struct call *call, struct txn *txn, const struct transfer *transfer,
		 const struct holder *holder);
/*
 * For taking coins from a user who may have spent them. A step of the transaction holds the user's document still
 * (found: USERS; otherwise: nobody is there). The transaction's follow-up then takes as many of the transfer's coins
 * as there are, and returns the rest, which is owed from now on.
 */
void ledger_hold_still(const struct call *call, struct txn *txn, const struct id *user,
		       enum err on_miss);
int64_t ledger_take_back(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* The row alone, where a document comes, or goes, with the balance in it. */
void ledger_note(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* The row as a document, for those who write many at once. */
bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now);

#endif
