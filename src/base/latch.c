#include "base/latch.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static void futex(struct latch *latch, int operation, unsigned value)
{
	syscall(SYS_futex, &latch->open, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

void latch_wait(struct latch *latch)
{
	while (!atomic_load_explicit(&latch->open, memory_order_acquire))
		futex(latch, FUTEX_WAIT, 0);
}

void latch_open(struct latch *latch)
{
	atomic_store_explicit(&latch->open, 1, memory_order_release);
	futex(latch, FUTEX_WAKE, INT_MAX);
}
