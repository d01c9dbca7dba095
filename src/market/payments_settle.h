/* What becomes known of payments without their buyers: by its messages, and by asking. */
#ifndef MARKET_PAYMENTS_SETTLE_H
#define MARKET_PAYMENTS_SETTLE_H

#include "market/market.h"
#include "providers/provider.h"

/*
 * POST /webhook: acts upon an event whose signature is good. OK also where nothing may be done about it (an unknown
 * payment, another amount, a buyer who is gone): an alert in the log is all then. ERR_UNAVAILABLE, ERR_INTERNAL:
 * it must be told again.
 */
enum err payment_told(struct call *call, const struct provider_event *event);

/*
 * The same of money that goes back, or may: coins are taken back, as many as there are, and the rest is owed; or come
 * back. What is told of a payment before it is completed here waits for that.
 */
enum err payment_back_told(struct call *call, const struct provider_event *event);
/* The sweep: settles what was told in the very moment in which a payment was completed; done counts it. */
enum err payments_back_settle(struct call *call, int64_t *done);

/*
 * The sweep: asks the provider about payments that a crash, or a lost message, left open, each ever more rarely, for a week;
 * some of those that are due in each run. settled counts those that were completed or failed by it.
 */
enum err payments_look_up(struct call *call, int64_t *settled);

#endif
