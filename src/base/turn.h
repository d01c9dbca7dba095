/*
 * Turns: permission for a thread to do something that takes long and can be done by few at a time. Calls that need it
 * wait for a turn in a bulkhead (server/bulkhead.h), so that no other calls wait.
 *
 * The code that hashes or calls another service asks here whether its thread has the turn. So a row in the table of
 * routes that forgets to say what it needs fails in its first test, instead of holding up all calls on the day when it
 * takes long.
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

/* Gives this thread a turn; TURN_NONE takes it away. A thread that never called this may do everything: it belongs to a
 * command and keeps no caller waiting. */
void turn_take(enum turn turn);

/* Has this thread the turn? false is logged: it is a mistake in the table of routes. */
bool turn_held(enum turn turn);

#endif
