/*
 * How much of a payment's money has gone back: what refunds and disputes say, joined in whatever order it is told, and
 * told again, to the same.
 *
 * Kept as refunded_cents and disputes: [{id, cents, state, told_at}] with the payment, or, while none was completed with
 * the transaction, in a note of its own (payments_back.c).
 */
#ifndef MARKET_REVERSALS_H
#define MARKET_REVERSALS_H

#include "base/arena.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Banks dispute a payment once, seldom twice. */
#define DISPUTES_MAX 16

struct dispute {
	const char *id;
	int64_t cents;
	enum dispute_state { DISPUTE_OPEN, DISPUTE_LOST, DISPUTE_WON } state;
	int64_t told_at; /* seconds: of what said so */
};

struct reversals {
	int64_t refunded; /* cents in all */
	struct dispute disputes[DISPUTES_MAX];
	size_t count;
};

/* Texts live as long as the document. */
void reversals_read(const bson_t *doc, struct reversals *reversals);
/* As members of a $set. */
bson_t *reversals_doc(struct arena *arena, const struct reversals *reversals);

/* Takes in what more is known; false when that was known before. */
bool reversals_join(struct reversals *reversals, const struct reversals *more);

/* What the payment is by them: "refunded", "disputed", "charged_back"; NULL: nothing of these. */
const char *reversals_name(const struct reversals *reversals);
/* Their share of a payment of so many coins for so many cents, rounded down, and never more than all. */
int64_t reversals_coins(const struct reversals *reversals, int64_t coins, int64_t cents);

#endif
