/* Taking a payment's coins back from its buyer, and returning them. */
#ifndef MARKET_PAYMENTS_REVERSAL_H
#define MARKET_PAYMENTS_REVERSAL_H

#include "market/notifications.h"
#include "market/payments_private.h"
#include "market/reversals.h"

/* A change of what a payment has lost. */
struct reversing {
	struct call *call;
	const struct payment *payment;
	struct reversals now;
	int64_t before, after; /* coins of it that are taken back, or owed */
	const bson_t *buyer; /* NULL: gone */
	struct admins admins;
};

/* What it comes to where more becomes known of a payment; false when that changes nothing. Whom it concerns is read
 * by others. */
bool reversal_of(struct call *call, const struct payment *payment, const struct reversals *more,
		 struct reversing *reversing);
enum err reversal_read_buyer(struct reversing *reversing);

/*
 * Its steps, with what the buyer and the admins are told. Where coins are taken, another step writes
 * the buyer's document (ledger_hold_still()). ERR_ALREADY_PROCESSED (when run): the journal knows more of it than the
 * payment, which was restored. Found: PAYMENTS, USERS.
 */
void reversal_plan(struct reversing *reversing, struct txn *txn);
/* Once that has happened: a person should look at each. */
void reversal_alert(struct call *call, const struct id *payment);

/* What was told of a payment's transaction before one was completed with it. */
struct noted {
	const bson_t *note; /* NULL: nothing was */
	bool news; /* it moves coins */
	struct reversing reversing;
};
enum err payment_noted(struct call *call, const struct payment *payment, struct noted *noted);
/* Takes the note away, and the coins back. */
void payment_noted_plan(struct noted *noted, struct txn *txn);

/* The steps of payment_credit() alone, for a payment as it was read; noted outlives them. The coins come, what had gone
 * back is taken of them, and what is left pays debts. */
void payment_credit_plan(struct call *call, const struct payment *payment, struct noted *noted,
			 struct txn *txn);

#endif
