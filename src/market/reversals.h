/*
 * How much of a payment's money has gone back: all that refunds and disputes have said, merged. The result is the same
 * in whatever order they are told, and however often.
 *
 * It is stored as refunded_cents and disputes: [{id, cents, state, told_at}] in the payment's record, or in a note of
 * its own as long as no payment is completed with the transaction (payments_back.c).
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
	int64_t told_at; /* seconds; when the message about this state was made */
};

struct reversals {
	int64_t refunded; /* cents in all */
	struct dispute disputes[DISPUTES_MAX];
	size_t count;
};

/* Texts live as long as the document. */
void reversals_read(const bson_t *doc, struct reversals *reversals);
/* The stored fields, as members of a $set. */
bson_t *reversals_doc(struct arena *arena, const struct reversals *reversals);

/* Merges in what more is known; false when all of it was known before. */
bool reversals_join(struct reversals *reversals, const struct reversals *more);

/* The word for a payment with these: "refunded", "disputed", "charged_back"; NULL: none of them. */
const char *reversals_name(const struct reversals *reversals);
/* How many of a payment's coins have gone back, by the share of its cents: rounded down, and never more than all. */
int64_t reversals_coins(const struct reversals *reversals, int64_t coins, int64_t cents);

#endif
