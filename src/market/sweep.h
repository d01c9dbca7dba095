/*
 * The sweep: what is due by the clock. Open slots of tasks past their deadline are refunded, tasks that a crash left
 * uncompleted are completed, work that nobody reviewed for REVIEW_DAYS is approved, payments that were left open are
 * looked up, removals of users go on, and an audit that took too long for its caller is made.
 *
 * Each piece is a transaction of its own, or shares one with a few of its kind, guarded like any other: any number of
 * sweeps may run at once. Each kind is a duty, and they run side by side, so that none waits for another.
 */
#ifndef MARKET_SWEEP_H
#define MARKET_SWEEP_H

#include "market/market.h"

#define SWEEP_DUTIES 7

/* Does what is due of a duty (counted from 0) at call->now, and logs how much it was. What fails keeps nothing else
 * waiting; the first error is returned. */
enum err sweep_duty(struct call *call, size_t duty);

#endif
