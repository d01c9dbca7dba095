#include "base/still_clock.h"

#include <stdatomic.h>

static _Atomic int64_t still_us; /* 0: it goes */

/* The linker leads calls here (--wrap). */
int64_t __real_clock_steady_us(void);
int64_t __wrap_clock_steady_us(void);
int64_t __wrap_clock_steady(void);

int64_t __wrap_clock_steady_us(void)
{
	int64_t us = still_us;

	return us ? us : __real_clock_steady_us();
}

int64_t __wrap_clock_steady(void)
{
	return __wrap_clock_steady_us() / 1000;
}

void clock_stop(void)
{
	still_us = __real_clock_steady_us();
}

void clock_set(int64_t milliseconds)
{
	still_us = milliseconds * 1000;
}

void clock_pass(int64_t milliseconds)
{
	still_us += milliseconds * 1000;
}

void clock_go(void)
{
	still_us = 0;
}
