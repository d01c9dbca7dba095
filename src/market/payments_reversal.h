/* Taking a payment's coins back from its buyer, and returning them. */
#ifndef MARKET_PAYMENTS_REVERSAL_H
#define MARKET_PAYMENTS_REVERSAL_H

#include "market/payments_private.h"
#include "market/reversals.h"

/* A change of what a payment has lost. */
struct reversing {
	struct call *call;
	const struct payment *payment;
	struct reversals now;
	int64_t before, after; /* coins of it that are taken back, or owed */
	const bson_t *buyer; /* NULL: gone */
};

/* Plans it, where more becomes known of a payment; *news says whether that changes anything. */
enum err reversal_plan(struct call *call, const struct payment *payment,
		       const struct reversals *more, struct reversing *reversing, bool *news);

/*
 * Adds it to a transaction, with what the buyer and the admins are told. Where coins are taken, another step of
 * the transaction writes the buyer's document (ledger_hold_still()). ERR_ALREADY_PROCESSED (when run): the journal
 * knows more of it than the payment, which was restored. Found: PAYMENTS, USERS.
 */
enum err reversal_add(struct reversing *reversing, struct txn *txn);
/* Once that has happened: a person should look at each. */
void reversal_alert(struct call *call, const struct id *payment);

#endif
