/*
 * A latch: closed until somebody opens it, once. All who wait for that go on together, woken by one system call.
 *
 * What the opener did before is seen by those who waited. It must stay where it is until all of them are through.
 */
#ifndef BASE_LATCH_H
#define BASE_LATCH_H

#include <stdatomic.h>
#include <stdint.h>

/* All 0: closed. */
struct latch {
	_Atomic uint32_t open;
};

void latch_wait(struct latch *latch);
void latch_open(struct latch *latch);

#endif
