#include "store/gathers.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* Of a group; where more come, they are the next. */
enum { MEMBERS_MOST = 64 };

struct wanted {
	LIST_ENTRY(wanted) next;
	char *name;
	struct gather *gather;
	size_t threads; /* that want it; the last one frees it */
};

struct gathers {
	gather_work work;
	pthread_mutex_t lock; /* guards all below */
	LIST_HEAD(, wanted) wanted;
};

struct gathers *gathers_new(gather_work work)
{
	struct gathers *gathers = memory_new(sizeof *gathers);

	gathers->work = work;
	pthread_mutex_init(&gathers->lock, NULL);
	LIST_INIT(&gathers->wanted);
	return gathers;
}

void gathers_free(struct gathers *gathers)
{
	if (!gathers)
		return;
	pthread_mutex_destroy(&gathers->lock);
	free(gathers);
}

static struct wanted *wanted_new(struct gathers *gathers, const char *name)
{
	struct wanted *wanted = memory_new(sizeof *wanted);

	wanted->name = memory_text(name);
	wanted->gather = gather_new(1, MEMBERS_MOST, GATHER_LATE_MS, gathers->work);
	LIST_INSERT_HEAD(&gathers->wanted, wanted, next);
	return wanted;
}

static struct wanted *wanted_enter(struct gathers *gathers, const char *name)
{
	struct wanted *wanted;

	pthread_mutex_lock(&gathers->lock);
	LIST_FOREACH(wanted, &gathers->wanted, next)
		if (!strcmp(wanted->name, name))
			break;
	if (!wanted)
		wanted = wanted_new(gathers, name);
	wanted->threads++;
	pthread_mutex_unlock(&gathers->lock);
	return wanted;
}

static void wanted_leave(struct gathers *gathers, struct wanted *wanted)
{
	pthread_mutex_lock(&gathers->lock);
	bool last = --wanted->threads == 0;
	if (last)
		LIST_REMOVE(wanted, next);
	pthread_mutex_unlock(&gathers->lock);
	if (!last)
		return;
	gather_free(wanted->gather);
	free(wanted->name);
	free(wanted);
}

void gathers_join(struct gathers *gathers, const char *name, void *member, void *context)
{
	struct wanted *wanted = wanted_enter(gathers, name);

	gather_join(wanted->gather, member, context);
	wanted_leave(gathers, wanted);
}

size_t gathers_waiting(struct gathers *gathers)
{
	struct wanted *wanted;
	size_t count = 0;

	pthread_mutex_lock(&gathers->lock);
	LIST_FOREACH(wanted, &gathers->wanted, next)
		count += gather_waiting(wanted->gather);
	pthread_mutex_unlock(&gathers->lock);
	return count;
}
