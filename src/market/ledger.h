/*
 * The journal: every coin that ever moved, one immutable row a movement.
 *
 * Some accounts are somebody's or something's, and their balance stands in a document: users.coins is the account
 * user:<id>, users.pending_coins what stands in the held:<withdrawal> of that user, a task's open slots and pending work
 * are escrow:<task>. The others have no document, as it would be the hottest there is; they are sums over the journal. A
 * row's _id is made from what happened ("approve:<submission>"), so doing it twice collides instead of paying twice.
 *
 * Here alone do balances of users change, but for what the migration of older records finds.
 */
#ifndef MARKET_LEDGER_H
#define MARKET_LEDGER_H

#include "market/market.h"

enum account_kind {
	ACCOUNT_USER, /* what a user can spend */
	ACCOUNT_HELD, /* what a pending withdrawal holds */
	ACCOUNT_ESCROW, /* what a task has yet to pay; the last that is of somebody or something */
	ACCOUNT_GRANTS,
	ACCOUNT_SALES,
	ACCOUNT_PAYOUTS,
	ACCOUNT_FORFEITS,
	ACCOUNT_ADJUSTMENTS,
	ACCOUNT_REVERSALS,
	ACCOUNT_OPENING,
	ACCOUNT_COUNT
};

struct account {
	enum account_kind kind;
	struct id of; /* the user, withdrawal or task; of the others none */
};

struct account account_user(const struct id *user);
struct account account_escrow(const struct id *task);
struct account account_held(const struct id *withdrawal);

/* As the journal has it: "user:<id>", "grants"; in the arena. */
const char *account_name(struct arena *arena, const struct account *account);
/* What the names of its kind begin with: "user:"; of an account without a document all of it. */
const char *account_prefix(enum account_kind kind);

struct transfer {
	const char *key; /* the row's _id */
	struct account from, to;
	int64_t coins; /* above 0 */
	const char *kind; /* bonus, task, slots, reward, refund, hold, payout, release … */
	const char *reason; /* an operator's; NULL: none */
	const struct id *user,
		*task; /* whom and what it concerns; NULL: those of the accounts, if any */
	const struct id *buyer; /* of a reward: who paid for the task; NULL: none */
	const bson_t *guard; /* what else must be true of the user's document; NULL: nothing */
	enum err on_miss; /* the user is not there, or not so, or lacks the coins */
	enum err taken; /* it was moved before */
};

/*
 * Adds to a transaction all that moves coins: the guard that they are there, the change of the user's balances, and the
 * journal row. Nobody who owes coins for a payment that went back moves any into escrow, or withdraws. Coins that come
 * to a user pay first what they owe. Where a step of the transaction makes the user's document the balance begins in it,
 * and where one removes it the balance ends with it. Found: USERS.
 */
void ledger_move(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* The balances of a new user's document, both 0 before anything is moved. */
bson_t *ledger_balances(struct arena *arena, int64_t coins);

/*
 * For taking coins from a user who may have spent them. A step of the transaction holds the user's document still
 * (found: USERS; on_miss: nobody is there). A decision of the transaction then takes as many of the transfer's coins as
 * there are, and returns the rest, which is owed from now on.
 */
void ledger_hold_still(const struct call *call, struct txn *txn, const struct id *user,
		       enum err on_miss);
int64_t ledger_take_back(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* The row alone, for the migration of older records, which have their balances. */
void ledger_note(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* The row as a document, for those who write many at once. */
bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now);

#endif
