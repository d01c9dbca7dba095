/* What becomes known of payments without their buyers: the provider's messages, and what the sweep asks it. */
#ifndef MARKET_PAYMENTS_SETTLE_H
#define MARKET_PAYMENTS_SETTLE_H

#include "market/market.h"
#include "providers/provider.h"

/*
 * POST /webhook: acts upon an event whose signature is good. OK also when all it can do is log an alert (an unknown
 * payment, another amount, a buyer who is gone). ERR_UNAVAILABLE, ERR_INTERNAL: the provider must send it again.
 */
enum err payment_told(struct call *call, const struct provider_event *event);

/*
 * The same for a refund or dispute. Takes as many of the coins as the buyer has, and the rest is owed; or returns them
 * when a dispute was won. If the payment is not completed here yet, what was told is kept until it is.
 */
enum err payment_back_told(struct call *call, const struct provider_event *event);
/* For the sweep: acts upon what was kept because the payment was just being completed, or was not adopted. *done: how
 * often it did. */
enum err payments_back_settle(struct call *call, int64_t *done);

/*
 * For the sweep: asks the provider about payments that a crash or a lost message left open, about each more and more
 * rarely, for a week. A run asks about some of those that are due. *settled: how many it completed or found to have
 * failed.
 */
enum err payments_look_up(struct call *call, int64_t *settled);

#endif
