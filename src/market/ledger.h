/*
 * The journal: one immutable row for each movement of coins, from one account to another. A row's _id is made from what
 * happened ("approve:<submission>"), so doing it twice fails on the taken key instead of paying twice. "Ledger" is the
 * name of its collection, and of the functions that write it.
 *
 * The balances of some accounts stand in documents: that of user:<id> is users.coins, those of a user's
 * held:<withdrawal> make up users.pending_coins, and that of escrow:<task> follows from the task's open slots and
 * pending work. The other accounts have no document, as nearly every transaction would write it; their balances are
 * sums over the journal.
 *
 * No other file changes the balances of users. (migrate/ writes what it finds in older records, ctl/seed_records.c what
 * its demo users have.)
 */
#ifndef MARKET_LEDGER_H
#define MARKET_LEDGER_H

#include "market/market.h"

enum account_kind {
	ACCOUNT_USER, /* what a user can spend */
	ACCOUNT_HELD, /* what a pending withdrawal holds */
	ACCOUNT_ESCROW, /* what a task has yet to pay; accounts after this one have no id */
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
	struct id of; /* the user, withdrawal or task; nothing for the others */
};

struct account account_user(const struct id *user);
struct account account_escrow(const struct id *task);
struct account account_held(const struct id *withdrawal);

/* The account's name in the journal: "user:<id>", "grants"; in the arena. */
const char *account_name(struct arena *arena, const struct account *account);
/* What names of accounts of this kind begin with: "user:". Without an id it is the whole name: "grants". */
const char *account_prefix(enum account_kind kind);

struct transfer {
	const char *key; /* the row's _id */
	struct account from, to;
	int64_t coins; /* above 0 */
	const char *kind; /* bonus, task, slots, reward, refund, hold, payout, release … */
	const char *reason; /* that an operator gave; NULL: none */
	const struct id *user, *task; /* that it concerns; NULL: the accounts' own, if any */
	const struct id *buyer; /* for a reward: who paid for the task; NULL: none */
	const bson_t *guard; /* what else must hold for the user's document; NULL: nothing */
	enum err on_miss; /* the error when the user is gone, fails the guard or lacks the coins */
	enum err taken; /* the error when the journal has a row with this key */
};

/*
 * Adds all that a movement of coins takes to a transaction: the guard that the coins are there, the change of the
 * user's balances, and the journal row. A user who owes coins for a payment that went back cannot move any into escrow
 * or withdraw. Coins that come to a user pay first what they owe. If a step of the same transaction inserts the user,
 * the movement changes the balances in that document; if one removes the user, the coins go with it. Found: USERS.
 */
void ledger_move(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* The members of a new user's document that are their balances: so many coins, nothing held. */
bson_t *ledger_balances(struct arena *arena, int64_t coins);

/*
 * These take coins from a user who may have spent them. ledger_hold_still() adds a step that writes the user's
 * document, so that nobody else can change it until the transaction ends (found: USERS; on_miss: the user is gone). A
 * later decision of the same transaction calls ledger_take_back(), which takes as many of the transfer's coins as the
 * user has, and returns how many are left, which the user owes from then on.
 */
void ledger_hold_still(const struct call *call, struct txn *txn, const struct id *user,
		       enum err on_miss);
int64_t ledger_take_back(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* Adds only the row, for the migration of older records, whose balances are there already. */
void ledger_note(const struct call *call, struct txn *txn, const struct transfer *transfer);

/* Only the row, as a document, for writing many at once. */
bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now);

#endif
