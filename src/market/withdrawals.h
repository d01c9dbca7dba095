/*
 * Withdrawals: asking for money, and the decision about it (contract section 6).
 *
 * The coins of a pending withdrawal are in its worker's pending_coins, and in the account held:<withdrawal> of the
 * journal. When it is approved they leave; when it is rejected the worker can spend them again.
 */
#ifndef MARKET_WITHDRAWALS_H
#define MARKET_WITHDRAWALS_H

#include "base/optional.h"
#include "market/market.h"
#include "market/notifications.h"

#define WITHDRAWAL_COINS_MIN 200
#define WITHDRAWAL_COINS_A_DOLLAR 20

struct withdrawal_input {
	struct number withdrawal_coin;
	const char *payment_system, *account_number;
};

/* The decision about a withdrawal. */
struct withdrawal_decision {
	bool approve;
	const char *reason; /* for a rejection; may be NULL */
};

/* POST /withdrawals: holds the caller's coins and tells every admin. ERR_INSUFFICIENT_COINS with required and
 * available. Found: USERS (after); inserted: WITHDRAWALS. */
enum err withdrawal_create(struct call *call, const struct withdrawal_input *input,
			   struct txn *txn);

void withdrawal_create_plan(struct call *call, const struct withdrawal_input *input,
			    const struct admins *admins, struct txn *txn);

/*
 * Approves or rejects, and tells the worker. Who may do that is the route's matter. ERR_NOT_FOUND,
 * ERR_ALREADY_PROCESSED; ERR_CONFLICT for a record that holds no coins. Found: WITHDRAWALS, and USERS (the worker, as
 * they are after it).
 */
enum err withdrawal_decide(struct call *call, const struct id *id,
			   const struct withdrawal_decision *decision, struct txn *txn);
enum err withdrawal_decide_plan(struct call *call, const bson_t *withdrawal,
				const struct withdrawal_decision *decision, struct txn *txn);

#endif
