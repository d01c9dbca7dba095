#include "server/bulkhead.h"

#include "base/clock.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>

/* How long turns take is a moving average, of which the newest is one part in so many. */
#define AVERAGE_PARTS 8

struct bulkhead {
	struct bulkhead_limits limits;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t turn; /* somebody may have a turn, or the bulkhead closes */
	pthread_cond_t oldest; /* somebody waits, where nobody did, or the bulkhead closes */
	struct fair fair;
	int running, bulky;
	int64_t begun_us; /* the sum of the moments at which running turns began */
	int64_t turn_us; /* how long turns took lately */
	bool closed;
};

struct bulkhead *bulkhead_new(const struct bulkhead_limits *limits)
{
	struct bulkhead *bulkhead = memory_new(sizeof *bulkhead);

	pthread_mutex_init(&bulkhead->lock, NULL);
	pthread_cond_init(&bulkhead->turn, NULL);
	pthread_cond_init(&bulkhead->oldest, NULL);
	bulkhead->limits = *limits;
	bulkhead->turn_us = limits->usual_ms * 1000;
	fair_init(&bulkhead->fair);
	return bulkhead;
}

void bulkhead_free(struct bulkhead *bulkhead)
{
	if (!bulkhead)
		return;
	fair_destroy(&bulkhead->fair);
	pthread_cond_destroy(&bulkhead->oldest);
	pthread_cond_destroy(&bulkhead->turn);
	pthread_mutex_destroy(&bulkhead->lock);
	free(bulkhead);
}

/* ---- how long it takes; with the lock ---- */

/* How much longer than usual the running turns have taken. While all of them hang, none ends and is measured. */
static int64_t hanging(const struct bulkhead *bulkhead)
{
	int64_t running = bulkhead->running, age = 0;

	if (running > 0)
		age = (clock_steady_us() * running - bulkhead->begun_us) / running;
	return age > bulkhead->turn_us ? age - bulkhead->turn_us : 0;
}

/*
 * How long a call that came now would wait: for the running turns, as far as they take longer than usual; then for the
 * calls ahead, or, if that takes longer, for those of its own outer key, which may not have all turns. Not at all while
 * there is a turn that no other call could have.
 */
static int64_t wait_expected(const struct bulkhead *bulkhead, const struct fair_place *place)
{
	const struct bulkhead_limits *limits = &bulkhead->limits;

	if (place->may && place->ready + (size_t)bulkhead->running < (size_t)limits->turns)
		return 0;
	int64_t wait = (int64_t)place->ahead * bulkhead->turn_us / limits->turns;
	int64_t own = limits->each ? (int64_t)place->own * bulkhead->turn_us / limits->each : 0;

	return (hanging(bulkhead) + (own > wait ? own : wait)) / 1000;
}

static struct fair_place place_of(const struct bulkhead *bulkhead, const struct waiter *waiter)
{
	return fair_place(&bulkhead->fair, waiter->key, (size_t)bulkhead->limits.each);
}

static int seconds_until(int64_t ms)
{
	int64_t seconds = (ms + CLOCK_SECOND - 1) / CLOCK_SECOND;

	return seconds < 1 ? 1 : seconds > 3600 ? 3600 : (int)seconds;
}

int bulkhead_seconds(struct bulkhead *bulkhead, const struct waiter *waiter)
{
	pthread_mutex_lock(&bulkhead->lock);
	struct fair_place place = place_of(bulkhead, waiter);
	place.ahead++;
	place.own++;
	int seconds = seconds_until(wait_expected(bulkhead, &place));
	pthread_mutex_unlock(&bulkhead->lock);
	return seconds;
}

/* ---- going in ---- */

/* What was measured in another rush says nothing of this one. */
static void forget_when_idle(struct bulkhead *bulkhead)
{
	if (bulkhead->running == 0 && bulkhead->fair.waiting == 0)
		bulkhead->turn_us = bulkhead->limits.usual_ms * 1000;
}

/* When all places are taken, the caller with most waiting calls loses the last one, unless the new call is that
 * caller's. */
static bool make_room(struct bulkhead *bulkhead, const struct waiter *comer,
		      struct waiter **displaced)
{
	if (bulkhead->fair.waiting < (size_t)bulkhead->limits.places)
		return true;
	*displaced = fair_crowd(&bulkhead->fair, comer->key);
	if (!*displaced)
		return false;
	bulkhead->bulky -= (*displaced)->bulky;
	fair_remove(&bulkhead->fair, *displaced);
	return true;
}

static bool may_wait(struct bulkhead *bulkhead, const struct waiter *waiter, bool bulky,
		     struct waiter **displaced, int *seconds)
{
	struct fair_place place = place_of(bulkhead, waiter);
	int64_t wait = wait_expected(bulkhead, &place);

	*seconds = seconds_until(wait);
	if (bulkhead->closed || wait > bulkhead->limits.wait_ms)
		return false;
	if (bulky && bulkhead->bulky >= BULKHEAD_BULKY_PLACES)
		return false;
	return make_room(bulkhead, waiter, displaced);
}

bool bulkhead_enter(struct bulkhead *bulkhead, struct waiter *waiter, bool bulky,
		    struct waiter **displaced, int *seconds)
{
	*displaced = NULL;
	pthread_mutex_lock(&bulkhead->lock);
	forget_when_idle(bulkhead);
	bool let_in = may_wait(bulkhead, waiter, bulky, displaced, seconds);
	if (let_in) {
		waiter->since = clock_steady();
		waiter->bulky = bulky;
		bulkhead->bulky += bulky;
		fair_put(&bulkhead->fair, waiter);
		pthread_cond_signal(&bulkhead->turn);
		if (bulkhead->fair.waiting == 1)
			pthread_cond_signal(&bulkhead->oldest);
	}
	pthread_mutex_unlock(&bulkhead->lock);
	return let_in;
}

/* ---- turns ---- */

struct waiter *bulkhead_take(struct bulkhead *bulkhead)
{
	struct waiter *waiter = NULL;

	pthread_mutex_lock(&bulkhead->lock);
	while (!bulkhead->closed &&
	       !(waiter = fair_next(&bulkhead->fair, (size_t)bulkhead->limits.each)))
		pthread_cond_wait(&bulkhead->turn, &bulkhead->lock);
	if (waiter) {
		waiter->begun_us = clock_steady_us();
		bulkhead->bulky -= waiter->bulky;
		bulkhead->begun_us += waiter->begun_us;
		bulkhead->running++;
	}
	pthread_mutex_unlock(&bulkhead->lock);
	return waiter;
}

void bulkhead_leave(struct bulkhead *bulkhead, struct waiter *waiter)
{
	pthread_mutex_lock(&bulkhead->lock);
	int64_t took = clock_steady_us() - waiter->begun_us;
	bulkhead->turn_us += (took - bulkhead->turn_us) / AVERAGE_PARTS;
	bulkhead->begun_us -= waiter->begun_us;
	bulkhead->running--;
	fair_done(&bulkhead->fair, waiter);
	/* Others of its outer key may have waited for it; the thread that leaves still has an answer to send. */
	pthread_cond_signal(&bulkhead->turn);
	pthread_mutex_unlock(&bulkhead->lock);
}

/* With the lock, which is let go meanwhile. */
static void wait_until_late(struct bulkhead *bulkhead, const struct waiter *oldest)
{
	if (!oldest) {
		pthread_cond_wait(&bulkhead->oldest, &bulkhead->lock);
		return;
	}
	struct timespec late = clock_timespec(oldest->since + bulkhead->limits.wait_ms);

	pthread_cond_clockwait(&bulkhead->oldest, &bulkhead->lock, CLOCK_MONOTONIC, &late);
}

struct waiter *bulkhead_take_late(struct bulkhead *bulkhead)
{
	struct waiter *oldest = NULL;

	pthread_mutex_lock(&bulkhead->lock);
	while (!bulkhead->closed) {
		oldest = fair_oldest(&bulkhead->fair);
		if (oldest && clock_steady() >= oldest->since + bulkhead->limits.wait_ms)
			break;
		wait_until_late(bulkhead, oldest);
		oldest = NULL;
	}
	if (oldest) {
		bulkhead->bulky -= oldest->bulky;
		fair_remove(&bulkhead->fair, oldest);
	}
	pthread_mutex_unlock(&bulkhead->lock);
	return oldest;
}

void bulkhead_close(struct bulkhead *bulkhead)
{
	if (!bulkhead)
		return;
	pthread_mutex_lock(&bulkhead->lock);
	bulkhead->closed = true;
	pthread_cond_broadcast(&bulkhead->turn);
	pthread_cond_broadcast(&bulkhead->oldest);
	pthread_mutex_unlock(&bulkhead->lock);
}
