#include "base/latch.h"

#include "base/clock.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void futex(struct latch *latch, int operation, unsigned value, const struct timespec *most)
{
	syscall(SYS_futex, &latch->open, operation | FUTEX_PRIVATE_FLAG, value, most, NULL, 0);
}

static bool is_open(struct latch *latch)
{
	return atomic_load_explicit(&latch->open, memory_order_acquire);
}

void latch_wait(struct latch *latch)
{
	while (!is_open(latch))
		futex(latch, FUTEX_WAIT, 0, NULL);
}

bool latch_wait_for(struct latch *latch, int64_t ms)
{
	int64_t end = clock_steady() + ms, left;

	while (!is_open(latch) && (left = end - clock_steady()) > 0) {
		struct timespec most = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
		futex(latch, FUTEX_WAIT, 0, &most);
	}
	return is_open(latch);
}

void latch_open(struct latch *latch)
{
	atomic_store_explicit(&latch->open, 1, memory_order_release);
	futex(latch, FUTEX_WAKE, INT_MAX, NULL);
}
