/* Taking a payment's coins back from its buyer, and returning them. */
#ifndef MARKET_PAYMENTS_REVERSAL_H
#define MARKET_PAYMENTS_REVERSAL_H

#include "market/notifications.h"
#include "market/payments_private.h"
#include "market/reversals.h"

/* What changes when more or less of a payment's money has gone back than before. */
struct reversing {
	struct call *call;
	const struct payment *payment;
	struct reversals now;
	int64_t before, after; /* the coins that have gone back with the money, taken or owed */
	const bson_t *buyer; /* NULL: gone */
	struct admins admins;
};

/* Computes what changes for a payment when more becomes known of refunds and disputes; false when nothing does. The
 * buyer and the admins are still to be read. */
bool reversal_of(struct call *call, const struct payment *payment, const struct reversals *more,
		 struct reversing *reversing);
enum err reversal_read_buyer(struct reversing *reversing);

/*
 * Adds the steps, and the notifications to the buyer and the admins. If coins are taken, an earlier step must hold the
 * buyer's document (ledger_hold_still()). The steps end with ERR_ALREADY_PROCESSED when the journal has movements that
 * the payment does not know, because its record was restored. Found: PAYMENTS, USERS.
 */
void reversal_plan(struct reversing *reversing, struct txn *txn);
/* To be called once that is committed: alerts a person. */
void reversal_alert(struct call *call, const struct id *payment);

/* What was told of a transaction before a payment was completed with it. */
struct noted {
	const bson_t *note; /* NULL: nothing was told */
	bool news; /* coins move because of it */
	struct reversing reversing;
};
enum err payment_noted(struct call *call, const struct payment *payment, struct noted *noted);
/* Adds the steps that remove the note and take the coins back. */
void payment_noted_plan(struct noted *noted, struct txn *txn);

/* The steps of payment_credit(): the coins come, those whose money has gone back are taken, and the rest pays debts.
 * noted must live as long as the transaction. */
void payment_credit_plan(struct call *call, const struct payment *payment, struct noted *noted,
			 struct txn *txn);

#endif
