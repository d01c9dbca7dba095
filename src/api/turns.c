#include "api/turns.h"

#include "api/auth.h"
#include "auth/password.h"
#include "base/email.h"
#include "base/encoding.h"
#include "base/network.h"

#include <string.h>

/*
 * Every wait and the work behind it end before nginx gives up on a process, after 15 s. Logging in is what many do at
 * the same moment, so it is waited for as long as that allows. Nobody has to wait for another service that answers;
 * where somebody waits it hangs, and the sooner they are told the better.
 */
static const struct bulkhead_limits plan[TURN_COUNT] = {
	/* Of all that is done here hashing alone takes much of a core, and whoever waits for it waits anyway: nice. */
	[TURN_HASH] = { .wait_ms = PASSWORD_WAIT_MS, .usual_ms = 80, .nice = 10 },
	/* Two for an account, as one may hang whose caller has left. */
	[TURN_PROVIDER] = { .each = 2, .wait_ms = 3000, .usual_ms = 50 },
	/* Keys are fetched by one thread, once in a while; all else is quick. */
	[TURN_GOOGLE] = { .turns = 4, .wait_ms = 4000, .usual_ms = 20 },
};

/* On hosts with many cores there are several processes to share them. */
enum { HASH_TURNS_MAX = 16, PROVIDER_TURNS_MAX = 16 };

/* One more than slots: while one thread writes down what came of its hash, another has the slot. */
static int hash_turns(const struct password_semaphore *semaphore)
{
	int turns = password_semaphore_slots(semaphore) + 1;

	return turns < HASH_TURNS_MAX ? turns : HASH_TURNS_MAX;
}

/* A call of a second is nothing unusual, so there are as many as threads for everything else; but each costs memory. */
static int provider_turns(const struct config *config)
{
	return config->threads < PROVIDER_TURNS_MAX ? (int)config->threads : PROVIDER_TURNS_MAX;
}

int turns_plan(const struct config *config, const struct password_semaphore *semaphore,
	       struct bulkhead_limits limits[TURN_COUNT])
{
	int threads = 0;

	memcpy(limits, plan, sizeof plan);
	limits[TURN_HASH].turns = hash_turns(semaphore);
	limits[TURN_PROVIDER].turns = provider_turns(config);
	for (enum turn turn = TURN_NONE + 1; turn < TURN_COUNT; turn++) {
		limits[turn].places = (int)config->queue;
		threads += limits[turn].turns + 1;
	}
	return threads;
}

/* ---- whose share ---- */

static uint64_t text_hash(const char *text)
{
	return hash_bytes(text, strlen(text));
}

static uint64_t account_of(const struct request *rq)
{
	const char *email = auth_login_email(rq);

	if (rq->caller.known)
		return hash_bytes(rq->caller.id.bytes, sizeof rq->caller.id.bytes);
	return email ? text_hash(email_fold(rq->arena, email)) : 0;
}

/*
 * Turns to hash are shared among addresses, as whoever logs in is nobody yet, and within one, which may be a whole
 * school's, among the accounts that are meant. Not the other way round: then anybody could use up an account's turns.
 * Those to call a provider are shared among accounts, as who asks is known.
 */
struct fair_key turns_share(const struct request *rq)
{
	uint64_t network = text_hash(network_of(rq->arena, rq->address)), account = account_of(rq);

	if (rq->route->turn == TURN_PROVIDER)
		return (struct fair_key){ .outer = account, .inner = network };
	return (struct fair_key){ .outer = network, .inner = account };
}
