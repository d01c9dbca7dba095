#include "store/gather.h"

#include "base/latch.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

struct group {
	TAILQ_ENTRY(group) next;
	struct latch leave; /* its leader waits for this */
	struct latch back; /* all others wait for this */
	bool called; /* it has been told to leave */
	atomic_size_t holders; /* threads that still look at it; the last one frees it */
	size_t count;
	void *members[];
};

struct gather {
	gather_work work;
	size_t may_be_away, most;
	int64_t late_ms;
	pthread_mutex_t lock; /* guards all below, and the members of groups that wait */
	size_t away;
	TAILQ_HEAD(groups, group) waiting;
};

struct gather *gather_new(size_t away, size_t most, int64_t late_ms, gather_work work)
{
	struct gather *gather = memory_new(sizeof *gather);

	gather->work = work;
	gather->may_be_away = away;
	gather->most = most;
	gather->late_ms = late_ms;
	pthread_mutex_init(&gather->lock, NULL);
	TAILQ_INIT(&gather->waiting);
	return gather;
}

void gather_free(struct gather *gather)
{
	if (!gather)
		return;
	pthread_mutex_destroy(&gather->lock);
	free(gather);
}

static struct group *group_new(struct gather *gather)
{
	struct group *group = memory_new(sizeof *group + gather->most * sizeof group->members[0]);

	TAILQ_INSERT_TAIL(&gather->waiting, group, next);
	return group;
}

static void group_let_go(struct group *group)
{
	if (atomic_fetch_sub(&group->holders, 1) == 1)
		free(group);
}

/* Joins the group that forms, or begins one. NULL: nobody is away, and this thread goes alone. */
static struct group *group_enter(struct gather *gather, void *member, bool *leads)
{
	struct group *group = TAILQ_LAST(&gather->waiting, groups);

	if (!group && gather->away < gather->may_be_away) {
		gather->away++;
		return NULL;
	}
	*leads = !group || group->count == gather->most;
	if (*leads)
		group = group_new(gather);
	group->members[group->count++] = member;
	atomic_fetch_add(&group->holders, 1);
	return group;
}

/* One group is back: the next may leave, unless late ones have been replaced. */
static void next_call(struct gather *gather)
{
	struct group *next = NULL;

	pthread_mutex_lock(&gather->lock);
	if (gather->away <= gather->may_be_away)
		TAILQ_FOREACH(next, &gather->waiting, next)
			if (!next->called)
				break;
	if (next)
		next->called = true;
	else
		gather->away--;
	pthread_mutex_unlock(&gather->lock);
	if (next)
		latch_open(&next->leave);
}

/* Until it is called, or those who are away are late: then it leaves beside them. */
static void group_wait(struct gather *gather, struct group *group)
{
	if (latch_wait_for(&group->leave, gather->late_ms))
		return;
	pthread_mutex_lock(&gather->lock);
	bool called = group->called;
	if (!called) {
		group->called = true;
		gather->away++;
	}
	pthread_mutex_unlock(&gather->lock);
	if (called)
		latch_wait(&group->leave);
}

/* It takes newcomers until its leader is awake. */
static void group_lead(struct gather *gather, struct group *group, void *context)
{
	group_wait(gather, group);
	pthread_mutex_lock(&gather->lock);
	TAILQ_REMOVE(&gather->waiting, group, next);
	pthread_mutex_unlock(&gather->lock);
	gather->work(context, group->members, group->count);
	next_call(gather);
	latch_open(&group->back);
}

void gather_join(struct gather *gather, void *member, void *context)
{
	bool leads = false;

	pthread_mutex_lock(&gather->lock);
	struct group *group = group_enter(gather, member, &leads);
	pthread_mutex_unlock(&gather->lock);
	if (!group) {
		gather->work(context, &member, 1);
		next_call(gather);
		return;
	}
	if (leads)
		group_lead(gather, group, context);
	else
		latch_wait(&group->back);
	group_let_go(group);
}

size_t gather_waiting(struct gather *gather)
{
	struct group *group;
	size_t count = 0;

	pthread_mutex_lock(&gather->lock);
	TAILQ_FOREACH(group, &gather->waiting, next)
		count += group->count;
	pthread_mutex_unlock(&gather->lock);
	return count;
}
