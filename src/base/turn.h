/*
 * Turns at what is scarce: things that take long and of which few can be done at once, so that
 * callers wait for them, and nobody else does (a bulkhead for each, server/bulkhead.h).
 *
 * Code that does such a thing asks here whether its thread has the turn. So a call whose row in the
 * table of routes does not say what it needs fails in the first test that makes it, instead of holding
 * up everybody on the day when it takes long.
 */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <stdbool.h>

enum turn {
	TURN_NONE = 0,
	TURN_HASH, /* to hash a password */
	TURN_PROVIDER, /* to call a payment provider */
	TURN_GOOGLE, /* to sign somebody in with Google, whose keys may have to be fetched */
	TURN_COUNT
};

/* "to call a payment provider", for the log. */
const char *turn_name(enum turn turn);

/* Says which turn this thread has from now on; TURN_NONE: none, as it serves everybody. A thread that never called this
 * may do all: it is a command's, and keeps nobody waiting. */
void turn_take(enum turn turn);

/* Has this thread the turn? false is logged: it is a mistake in our table. */
bool turn_held(enum turn turn);

#endif
