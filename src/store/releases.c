#include "store/releases.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 200 };

struct release {
	struct claim claim;
	int64_t until; /* steady milliseconds */
};

struct releases {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool started, stopping;
	struct release *waiting;
	size_t count;
};

struct releases *releases_new(struct store *store)
{
	struct releases *releases = memory_new(sizeof *releases);

	releases->store = store;
	pthread_mutex_init(&releases->lock, NULL);
	pthread_cond_init(&releases->more, NULL);
	return releases;
}

/* The oldest, once there is one; false at the end. */
static bool release_next(struct releases *releases, struct release *release)
{
	pthread_mutex_lock(&releases->lock);
	while (!releases->count && !releases->stopping)
		pthread_cond_wait(&releases->more, &releases->lock);
	bool any = !releases->stopping;
	if (any) {
		*release = releases->waiting[0];
		releases->count--;
		memmove(releases->waiting, releases->waiting + 1,
			releases->count * sizeof *releases->waiting);
	}
	pthread_mutex_unlock(&releases->lock);
	return any;
}

static bool is_stopping(struct releases *releases)
{
	pthread_mutex_lock(&releases->lock);
	bool stopping = releases->stopping;
	pthread_mutex_unlock(&releases->lock);
	return stopping;
}

/* What keeps one from being given back keeps the others, too: they wait for it. */
static void release_run(struct releases *releases, struct db *db, const struct release *release)
{
	struct arena *arena = arena_new();
	enum err err = ERR_UNAVAILABLE;

	while (err != OK && !is_stopping(releases) && clock_steady() < release->until) {
		err = claim_give_back(db, arena, &release->claim);
		arena_reset(arena);
		if (err != OK)
			clock_sleep(PAUSE_MS);
	}
	arena_free(arena);
}

static void *releases_work(void *context)
{
	struct releases *releases = context;
	struct release release;
	struct db *db = NULL;

	while (release_next(releases, &release)) {
		if (!db)
			db = db_open(releases->store);
		if (db)
			release_run(releases, db, &release);
	}
	db_close(db);
	return NULL;
}

/* With the lock held. */
static bool is_working(struct releases *releases)
{
	if (releases->started)
		return true;
	if (!releases->waiting)
		releases->waiting = memory_new(RELEASES_MAX * sizeof *releases->waiting);
	releases->started = pthread_create(&releases->thread, NULL, releases_work, releases) == 0;
	return releases->started;
}

void releases_add(struct releases *releases, const struct claim *claim)
{
	struct release release = { .claim = *claim, .until = clock_steady() + CLAIM_LEASE_MS };

	pthread_mutex_lock(&releases->lock);
	bool taken = releases->count < RELEASES_MAX && is_working(releases);
	if (taken) {
		releases->waiting[releases->count++] = release;
		pthread_cond_signal(&releases->more);
	}
	pthread_mutex_unlock(&releases->lock);
	if (!taken)
		log_line(LOG_WARN, NULL, "a key is left to the end of its lease");
}

void releases_free(struct releases *releases)
{
	pthread_mutex_lock(&releases->lock);
	releases->stopping = true;
	pthread_cond_signal(&releases->more);
	pthread_mutex_unlock(&releases->lock);
	if (releases->started)
		pthread_join(releases->thread, NULL);
	pthread_cond_destroy(&releases->more);
	pthread_mutex_destroy(&releases->lock);
	free(releases->waiting);
	free(releases);
}
