#include "server/fair.h"

#include "base/memory.h"

#include <stdlib.h>

/* Those of one outer key (a flow), or of one inner key of it (a lane). A flow is there while somebody of it waits or
 * has a turn, a lane while somebody waits. */
struct fair_group {
	uint64_t key;
	struct fair_groups lanes; /* of a flow, in the order of their turns */
	struct waiters waiters; /* of a lane */
	size_t waiting, running;
	TAILQ_ENTRY(fair_group) next;
};

void fair_init(struct fair *fair)
{
	TAILQ_INIT(&fair->flows);
	TAILQ_INIT(&fair->all);
	fair->waiting = 0;
}

static void groups_free(struct fair_groups *groups)
{
	struct fair_group *group;

	while ((group = TAILQ_FIRST(groups)) != NULL) {
		TAILQ_REMOVE(groups, group, next);
		groups_free(&group->lanes);
		free(group);
	}
}

void fair_destroy(struct fair *fair)
{
	groups_free(&fair->flows);
}

/* ---- finding, making, dropping ---- */

static struct fair_group *group_find(const struct fair_groups *groups, uint64_t key)
{
	struct fair_group *group;

	TAILQ_FOREACH(group, groups, next)
		if (group->key == key)
			return group;
	return NULL;
}

/* At the end of the turns, unless it waits for one already. */
static struct fair_group *group_of(struct fair_groups *groups, uint64_t key)
{
	struct fair_group *group = group_find(groups, key);

	if (group && group->waiting > 0)
		return group;
	if (group) {
		TAILQ_REMOVE(groups, group, next);
	} else {
		group = memory_new(sizeof *group);
		group->key = key;
		TAILQ_INIT(&group->lanes);
		TAILQ_INIT(&group->waiters);
	}
	TAILQ_INSERT_TAIL(groups, group, next);
	return group;
}

static void group_drop_idle(struct fair_groups *groups, struct fair_group *group)
{
	if (group->waiting || group->running)
		return;
	TAILQ_REMOVE(groups, group, next);
	free(group);
}

static void group_to_end(struct fair_groups *groups, struct fair_group *group)
{
	TAILQ_REMOVE(groups, group, next);
	TAILQ_INSERT_TAIL(groups, group, next);
}

/* ---- going in and out ---- */

void fair_put(struct fair *fair, struct waiter *waiter)
{
	struct fair_group *flow = group_of(&fair->flows, waiter->key.outer);
	struct fair_group *lane = group_of(&flow->lanes, waiter->key.inner);

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
	TAILQ_REMOVE(&waiter->lane->waiters, waiter, in_lane);
	TAILQ_REMOVE(&fair->all, waiter, in_all);
	fair->waiting--;
	waiter->flow->waiting--;
	waiter->lane->waiting--;
	group_drop_idle(&waiter->flow->lanes, waiter->lane);
	waiter->lane = NULL;
}

void fair_remove(struct fair *fair, struct waiter *waiter)
{
	take_out(fair, waiter);
	group_drop_idle(&fair->flows, waiter->flow);
}

static struct fair_group *flow_next(const struct fair *fair, size_t each)
{
	struct fair_group *flow;

	TAILQ_FOREACH(flow, &fair->flows, next)
		if (flow->waiting && (each == 0 || flow->running < each))
			return flow;
	return NULL;
}

struct waiter *fair_next(struct fair *fair, size_t each)
{
	struct fair_group *flow = flow_next(fair, each);

	if (!flow)
		return NULL;
	struct fair_group *lane = TAILQ_FIRST(&flow->lanes);
	struct waiter *waiter = TAILQ_FIRST(&lane->waiters);

	/* before an empty lane is dropped */
	group_to_end(&flow->lanes, lane);
	group_to_end(&fair->flows, flow);
	take_out(fair, waiter);
	flow->running++;
	return waiter;
}

void fair_done(struct fair *fair, struct waiter *waiter)
{
	waiter->flow->running--;
	group_drop_idle(&fair->flows, waiter->flow);
}

/* ---- looking ---- */

struct waiter *fair_oldest(const struct fair *fair)
{
	return TAILQ_FIRST(&fair->all);
}

static const struct fair_group *flow_longest(const struct fair *fair)
{
	const struct fair_group *flow, *longest = TAILQ_FIRST(&fair->flows);

	TAILQ_FOREACH(flow, &fair->flows, next)
		if (flow->waiting > longest->waiting)
			longest = flow;
	return longest;
}

struct waiter *fair_crowd(const struct fair *fair, struct fair_key key)
{
	const struct fair_group *longest = flow_longest(fair),
				*own = group_find(&fair->flows, key.outer);
	const struct fair_group *lane, *crowd = NULL;

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
static size_t ahead_in_flow(const struct fair_group *flow, uint64_t inner)
{
	const struct fair_group *own = group_find(&flow->lanes, inner), *lane;
	size_t turns = own ? own->waiting : 0, ahead = turns;

	TAILQ_FOREACH(lane, &flow->lanes, next)
		if (lane != own)
			ahead += smaller(lane->waiting, turns + 1);
	return ahead;
}

/* How many of those who wait might have a turn now. */
static size_t ready_of(const struct fair_group *flow, size_t each)
{
	size_t left = flow->running < each ? each - flow->running : 0;

	return each == 0 ? flow->waiting : smaller(flow->waiting, left);
}

struct fair_place fair_place(const struct fair *fair, struct fair_key key, size_t each)
{
	const struct fair_group *own = group_find(&fair->flows, key.outer), *flow;
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
