/* Corrections by an operator's hand: coins given or taken, with a reason, in the journal (contract section 9). */
#ifndef MARKET_ADJUSTMENTS_H
#define MARKET_ADJUSTMENTS_H

#include "base/optional.h"
#include "market/market.h"

#define ADJUSTMENT_COINS_MAX INT64_C(1000000000000)

struct adjustment {
	struct number coins; /* below 0: taken */
	const char *reason;
};

/* Gives the coins, which pay what is owed first, or takes them, and tells the user. ERR_NOT_FOUND;
 * ERR_INSUFFICIENT_COINS, with required and available, when fewer are there. Found: USERS. */
enum err user_adjust(struct call *call, const struct id *user, const struct adjustment *adjustment,
		     struct txn *txn);
/* Its steps alone, for the user as they were read. */
void user_adjust_plan(struct call *call, const bson_t *user, const struct adjustment *adjustment,
		      struct txn *txn);

#endif
