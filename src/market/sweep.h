/*
 * The sweep: what is due by the clock. Open slots of tasks past their deadline are refunded, tasks that a crash left
 * uncompleted are completed, work that nobody reviewed for REVIEW_DAYS is approved, payments that were left open are
 * looked up, removals of users go on, and an audit that took too long for its caller is made.
 *
 * Each piece is an event of its own, guarded like any other, so any number of sweeps may run at once.
 */
#ifndef MARKET_SWEEP_H
#define MARKET_SWEEP_H

#include "market/market.h"

/* Does what is due at call->now, and logs how much it was. What fails keeps nothing else waiting; the first error. */
enum err market_sweep(struct call *call);

#endif
