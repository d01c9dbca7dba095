/*
 * A latch: closed until somebody opens it, once. All who wait for that go on together, woken by one system call.
 *
 * What the opener did before is seen by those who waited. It must stay where it is until all of them are through.
 */
#ifndef BASE_LATCH_H
#define BASE_LATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* All 0: closed. */
struct latch {
	_Atomic uint32_t open;
};

void latch_wait(struct latch *latch);
/* For at most so many milliseconds; false: it is still closed. */
bool latch_wait_for(struct latch *latch, int64_t ms);
void latch_open(struct latch *latch);

#endif
