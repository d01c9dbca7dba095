/* Corrections by an operator: coins given or taken, with a reason that stands in the journal (contract section 9). */
#ifndef MARKET_ADJUSTMENTS_H
#define MARKET_ADJUSTMENTS_H

#include "base/optional.h"
#include "market/market.h"

#define ADJUSTMENT_COINS_MAX INT64_C(1000000000000)

struct adjustment {
	struct number coins; /* to give; below 0: to take */
	const char *reason;
};

/* Gives the coins, which pay what the user owes first, or takes them; and tells the user. ERR_NOT_FOUND;
 * ERR_INSUFFICIENT_COINS, with required and available, when the user has fewer. Found: USERS. */
enum err user_adjust(struct call *call, const struct id *user, const struct adjustment *adjustment,
		     struct txn *txn);
void user_adjust_plan(struct call *call, const bson_t *user, const struct adjustment *adjustment,
		      struct txn *txn);

#endif
