/*
 * The steady clock, as a test lets it go: all of this program reads it through here. What is about times is then about
 * those that the test names, and not about how long the machine takes. Waits of the system go by the real one.
 */
#ifndef TESTS_STILL_CLOCK_H
#define TESTS_STILL_CLOCK_H

#include <stdint.h>

/* It stands still from now on; at this time. */
void clock_stop(void);
void clock_set(int64_t milliseconds);
/* So many milliseconds pass, while it stands still. */
void clock_pass(int64_t milliseconds);
/* It goes again, as the system's does. */
void clock_go(void);

#endif
