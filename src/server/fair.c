#include "server/fair.h"

#include "base/memory.h"

#include <stdlib.h>

/* Those of one inner key. */
struct fair_lane {
	uint64_t key;
	struct waiters waiters;
	size_t waiting;
	TAILQ_ENTRY(fair_lane) next;
};

/* Those of one outer key. It is there while somebody waits or has a turn. */
struct fair_flow {
	uint64_t key;
	TAILQ_HEAD(, fair_lane) lanes; /* in the order of their turns */
	size_t waiting, running;
	TAILQ_ENTRY(fair_flow) next;
};

void fair_init(struct fair *fair)
{
	TAILQ_INIT(&fair->flows);
	TAILQ_INIT(&fair->all);
	fair->waiting = 0;
}

void fair_destroy(struct fair *fair)
{
	struct fair_flow *flow;
	struct fair_lane *lane;

	while ((flow = TAILQ_FIRST(&fair->flows)) != NULL) {
		while ((lane = TAILQ_FIRST(&flow->lanes)) != NULL) {
			TAILQ_REMOVE(&flow->lanes, lane, next);
			free(lane);
		}
		TAILQ_REMOVE(&fair->flows, flow, next);
		free(flow);
	}
}

/* ---- finding, making, dropping ---- */

static struct fair_flow *flow_find(const struct fair *fair, uint64_t key)
{
	struct fair_flow *flow;

	TAILQ_FOREACH(flow, &fair->flows, next)
		if (flow->key == key)
			return flow;
	return NULL;
}

static struct fair_lane *lane_find(const struct fair_flow *flow, uint64_t key)
{
	struct fair_lane *lane;

	TAILQ_FOREACH(lane, &flow->lanes, next)
		if (lane->key == key)
			return lane;
	return NULL;
}

/* At the end of the turns, unless it waits for one already. */
static struct fair_flow *flow_of(struct fair *fair, uint64_t key)
{
	struct fair_flow *flow = flow_find(fair, key);

	if (flow && flow->waiting == 0)
		TAILQ_REMOVE(&fair->flows, flow, next);
	if (!flow) {
		flow = memory_new(sizeof *flow);
		flow->key = key;
		TAILQ_INIT(&flow->lanes);
	}
	if (flow->waiting == 0)
		TAILQ_INSERT_TAIL(&fair->flows, flow, next);
	return flow;
}

static struct fair_lane *lane_of(struct fair_flow *flow, uint64_t key)
{
	struct fair_lane *lane = lane_find(flow, key);

	if (lane)
		return lane;
	lane = memory_new(sizeof *lane);
	lane->key = key;
	TAILQ_INIT(&lane->waiters);
	TAILQ_INSERT_TAIL(&flow->lanes, lane, next);
	return lane;
}

static void flow_drop_idle(struct fair *fair, struct fair_flow *flow)
{
	if (flow->waiting || flow->running)
		return;
	TAILQ_REMOVE(&fair->flows, flow, next);
	free(flow);
}

/* ---- going in and out ---- */

void fair_put(struct fair *fair, struct waiter *waiter)
{
	struct fair_flow *flow = flow_of(fair, waiter->key.outer);
	struct fair_lane *lane = lane_of(flow, waiter->key.inner);

	waiter->flow = flow;
	waiter->lane = lane;
	TAILQ_INSERT_TAIL(&lane->waiters, waiter, in_lane);
	TAILQ_INSERT_TAIL(&fair->all, waiter, in_all);
	lane->waiting++;
	flow->waiting++;
	fair->waiting++;
}

static void take_out(struct fair *fair, struct waiter *waiter)
{
	struct fair_lane *lane = waiter->lane;

	TAILQ_REMOVE(&lane->waiters, waiter, in_lane);
	TAILQ_REMOVE(&fair->all, waiter, in_all);
	fair->waiting--;
	waiter->flow->waiting--;
	waiter->lane = NULL;
	if (--lane->waiting > 0)
		return;
	TAILQ_REMOVE(&waiter->flow->lanes, lane, next);
	free(lane);
}

void fair_remove(struct fair *fair, struct waiter *waiter)
{
	take_out(fair, waiter);
	flow_drop_idle(fair, waiter->flow);
}

static struct fair_flow *flow_next(const struct fair *fair, size_t each)
{
	struct fair_flow *flow;

	TAILQ_FOREACH(flow, &fair->flows, next)
		if (flow->waiting && (each == 0 || flow->running < each))
			return flow;
	return NULL;
}

struct waiter *fair_next(struct fair *fair, size_t each)
{
	struct fair_flow *flow = flow_next(fair, each);

	if (!flow)
		return NULL;
	struct fair_lane *lane = TAILQ_FIRST(&flow->lanes);
	struct waiter *waiter = TAILQ_FIRST(&lane->waiters);

	/* whoever had a turn goes to the end, before an empty lane is dropped */
	TAILQ_REMOVE(&flow->lanes, lane, next);
	TAILQ_INSERT_TAIL(&flow->lanes, lane, next);
	TAILQ_REMOVE(&fair->flows, flow, next);
	TAILQ_INSERT_TAIL(&fair->flows, flow, next);
	take_out(fair, waiter);
	flow->running++;
	return waiter;
}

void fair_done(struct fair *fair, struct waiter *waiter)
{
	waiter->flow->running--;
	flow_drop_idle(fair, waiter->flow);
}

/* ---- looking ---- */

struct waiter *fair_oldest(const struct fair *fair)
{
	return TAILQ_FIRST(&fair->all);
}

static const struct fair_flow *flow_longest(const struct fair *fair)
{
	const struct fair_flow *flow, *longest = TAILQ_FIRST(&fair->flows);

	TAILQ_FOREACH(flow, &fair->flows, next)
		if (flow->waiting > longest->waiting)
			longest = flow;
	return longest;
}

struct waiter *fair_crowd(const struct fair *fair, struct fair_key key)
{
	const struct fair_flow *longest = flow_longest(fair), *own = flow_find(fair, key.outer);
	const struct fair_lane *lane, *crowd = NULL;

	if (!longest || longest->waiting <= (own ? own->waiting : 0) + 1)
		return NULL;
	TAILQ_FOREACH(lane, &longest->lanes, next)
		if (!crowd || lane->waiting > crowd->waiting)
			crowd = lane;
	return TAILQ_LAST(&crowd->waiters, waiters);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Of the same flow: each other lane has as many turns as we have until we are there. */
static size_t ahead_in_flow(const struct fair_flow *flow, uint64_t inner)
{
	const struct fair_lane *own = lane_find(flow, inner), *lane;
	size_t turns = own ? own->waiting : 0, ahead = turns;

	TAILQ_FOREACH(lane, &flow->lanes, next)
		if (lane != own)
			ahead += smaller(lane->waiting, turns + 1);
	return ahead;
}

/* How many of those who wait might have a turn now. */
static size_t ready_of(const struct fair_flow *flow, size_t each)
{
	size_t left = flow->running < each ? each - flow->running : 0;

	return each == 0 ? flow->waiting : smaller(flow->waiting, left);
}

struct fair_place fair_place(const struct fair *fair, struct fair_key key, size_t each)
{
	const struct fair_flow *own = flow_find(fair, key.outer), *flow;
	struct fair_place place = {
		.own = own ? ahead_in_flow(own, key.inner) : 0,
		.may = each == 0 || !own || own->running + own->waiting < each,
	};

	place.ahead = place.own;
	TAILQ_FOREACH(flow, &fair->flows, next) {
		place.ready += ready_of(flow, each);
		if (flow != own)
			place.ahead += smaller(flow->waiting, place.own + 1);
	}
	return place;
}
