/*
 * The sweep does what is due by the clock, and what a crash left undone. It refunds the open slots of tasks past their
 * deadline, completes tasks, approves work that nobody has reviewed for REVIEW_DAYS, asks about open payments, goes on
 * with removals of users, and makes audits that take too long for a caller.
 *
 * Each kind of work is a duty. Duties run side by side, so that none waits for another. All they do is done by
 * transactions that are guarded like any other, so any number of sweeps may run at once.
 */
#ifndef MARKET_SWEEP_H
#define MARKET_SWEEP_H

#include "market/market.h"

#define SWEEP_DUTIES 7

/* Does what is due of a duty (counted from 0) at call->now, and logs how much that was. Goes on after an error, and
 * returns the first. */
enum err sweep_duty(struct call *call, size_t duty);

#endif
