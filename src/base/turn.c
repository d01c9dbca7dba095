#include "base/turn.h"

#include "base/log.h"

#include <stddef.h>

static _Thread_local enum turn held = TURN_COUNT; /* a command's thread, which may do all */

const char *turn_name(enum turn turn)
{
	static const char *const names[TURN_COUNT] = {
		[TURN_NONE] = "for nothing",
		[TURN_HASH] = "to hash a password",
		[TURN_PROVIDER] = "to call a payment provider",
		[TURN_GOOGLE] = "to sign in with Google",
	};

	return names[turn];
}

void turn_take(enum turn turn)
{
	held = turn;
}

bool turn_held(enum turn turn)
{
	if (held == turn || held == TURN_COUNT)
		return true;
	log_line(LOG_ERROR, NULL, "A call goes on %s without its turn: its route does not say so",
		 turn_name(turn));
	return false;
}
