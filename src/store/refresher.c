#include "store/refresher.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

/* More totals than this are not cached at once. A name has a few places it may stand in; where others have them all,
 * the one that was not looked for the longest is forgotten. */
enum { PLACES = 256, PLACES_OF_A_NAME = 8 };
/* A total that takes the server longer than this is not made. A process that ends waits for one so long. */
enum { COMPUTE_MS_MAX = 30000, END_MS = 1000 };

struct cached {
	char *name; /* NULL: the place is free */
	bool known, asked, making;
	int64_t value, least;
	int64_t begun_at, asked_at; /* steady milliseconds */
	int64_t used_at; /* steady microseconds */
	struct total total; /* to be computed, while asked; filter and pipeline are ours */
};

struct refresher {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t asked, made;
	pthread_t thread;
	bool running, ended, closing;
	mongoc_client_t *client; /* the thread's */
	char *database;
	struct cached places[PLACES];
};

/* ---- places ---- */

static struct cached *place_of(struct refresher *refresher, const char *name, size_t way)
{
	return &refresher->places[(hash_bytes(name, strlen(name)) + way) % PLACES];
}

static struct cached *place_find(struct refresher *refresher, const char *name)
{
	for (size_t way = 0; way < PLACES_OF_A_NAME; way++) {
		struct cached *cached = place_of(refresher, name, way);

		if (cached->name && !strcmp(cached->name, name)) {
			cached->used_at = clock_steady_us();
			return cached;
		}
	}
	return NULL;
}

/* What refresher_ask() copied. */
static void total_free(const struct total *total)
{
	bson_destroy((bson_t *)total->filter);
	bson_destroy((bson_t *)total->pipeline);
}

static void total_drop(struct cached *cached)
{
	total_free(&cached->total);
	cached->total = (struct total){ 0 };
	cached->asked = false;
}

static void place_free(struct cached *cached)
{
	total_drop(cached);
	free(cached->name);
	*cached = (struct cached){ 0 };
}

/* A free one was never used. */
static struct cached *place_longest_unused(struct refresher *refresher, const char *name)
{
	struct cached *longest = place_of(refresher, name, 0);

	for (size_t way = 1; way < PLACES_OF_A_NAME; way++) {
		struct cached *cached = place_of(refresher, name, way);

		if (cached->used_at < longest->used_at)
			longest = cached;
	}
	return longest;
}

static struct cached *place_take(struct refresher *refresher, const char *name)
{
	struct cached *cached = place_find(refresher, name);

	if (cached)
		return cached;
	cached = place_longest_unused(refresher, name);
	place_free(cached);
	cached->name = strdup(name);
	cached->used_at = clock_steady_us();
	if (!cached->name)
		abort();
	return cached;
}

/* ---- the thread ---- */

/* The one that has waited longest; NULL when there is none. */
static struct cached *next_asked(struct refresher *refresher)
{
	struct cached *next = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		struct cached *cached = &refresher->places[i];

		if (cached->asked && (!next || cached->asked_at < next->asked_at))
			next = cached;
	}
	return next;
}

static void value_keep(struct refresher *refresher, const char *name, int64_t value,
		       int64_t begun_at)
{
	struct cached *cached = place_take(refresher, name);

	if (cached->known && cached->begun_at > begun_at)
		return;
	cached->known = true;
	cached->value = cached->least = value;
	cached->begun_at = begun_at;
}

/* Releases the lock while the server works. */
static void refresh(struct refresher *refresher, struct cached *cached, struct arena *arena)
{
	char *name = arena_text(arena, cached->name);
	struct total total = cached->total;
	int64_t begun_at = clock_steady(), value;
	bool late;

	cached->total = (struct total){ 0 };
	cached->asked = false;
	cached->making = true;
	pthread_mutex_unlock(&refresher->lock);
	enum err err = total_compute(refresher->client, refresher->database, arena, &total,
				     COMPUTE_MS_MAX, &value, &late);
	total_free(&total);
	pthread_mutex_lock(&refresher->lock);
	if (err == OK && !late)
		value_keep(refresher, name, value, begun_at);
	cached = place_find(refresher, name);
	if (cached)
		cached->making = false;
	pthread_cond_broadcast(&refresher->made);
	arena_reset(arena);
}

static void refresher_destroy(struct refresher *refresher)
{
	for (size_t i = 0; i < PLACES; i++)
		place_free(&refresher->places[i]);
	if (refresher->client)
		mongoc_client_destroy(refresher->client);
	free(refresher->database);
	pthread_cond_destroy(&refresher->asked);
	pthread_cond_destroy(&refresher->made);
	pthread_mutex_destroy(&refresher->lock);
	free(refresher);
}

static void *refresher_run(void *context)
{
	struct refresher *refresher = context;
	struct arena *arena = arena_new();

	pthread_mutex_lock(&refresher->lock);
	while (!refresher->closing) {
		struct cached *cached = next_asked(refresher);

		if (cached)
			refresh(refresher, cached, arena);
		else
			pthread_cond_wait(&refresher->asked, &refresher->lock);
	}
	refresher->ended = true;
	pthread_cond_broadcast(&refresher->made);
	pthread_mutex_unlock(&refresher->lock);
	arena_free(arena);
	return NULL;
}

/* Only a process that has much to count has the thread. */
static void thread_make(struct refresher *refresher, struct db *db)
{
	if (refresher->running || refresher->closing)
		return;
	refresher->database = strdup(db->store->database);
	refresher->client = store_client_with_time(db->client, COMPUTE_MS_MAX);
	refresher->running =
		refresher->database && refresher->client &&
		pthread_create(&refresher->thread, NULL, refresher_run, refresher) == 0;
}

/* ---- what others do with it ---- */

struct refresher *refresher_new(void)
{
	struct refresher *refresher = calloc(1, sizeof *refresher);

	if (!refresher)
		abort();
	pthread_mutex_init(&refresher->lock, NULL);
	pthread_cond_init(&refresher->asked, NULL);
	pthread_cond_init(&refresher->made, NULL);
	return refresher;
}

/* false when that moment has passed. */
static bool made_by(struct refresher *refresher, int64_t until)
{
	struct timespec at = clock_timespec(until);

	return pthread_cond_clockwait(&refresher->made, &refresher->lock, CLOCK_MONOTONIC, &at) ==
	       0;
}

bool refresher_free(struct refresher *refresher)
{
	int64_t until = clock_steady() + END_MS;

	pthread_mutex_lock(&refresher->lock);
	refresher->closing = true;
	pthread_cond_signal(&refresher->asked);
	while (refresher->running && !refresher->ended && made_by(refresher, until))
		continue;
	bool running = refresher->running, ended = refresher->ended;
	pthread_mutex_unlock(&refresher->lock);
	if (running && !ended) {
		pthread_detach(refresher->thread);
		return false;
	}
	if (running)
		pthread_join(refresher->thread, NULL);
	refresher_destroy(refresher);
	return true;
}

bool refresher_last(struct refresher *refresher, const char *name, int64_t *value,
		    int64_t *begun_at)
{
	pthread_mutex_lock(&refresher->lock);
	const struct cached *cached = place_find(refresher, name);
	bool known = cached && cached->known;
	if (known) {
		*value = cached->value;
		*begun_at = cached->begun_at;
	}
	pthread_mutex_unlock(&refresher->lock);
	return known;
}

void refresher_keep(struct refresher *refresher, const char *name, int64_t value, int64_t begun_at)
{
	pthread_mutex_lock(&refresher->lock);
	value_keep(refresher, name, value, begun_at);
	pthread_mutex_unlock(&refresher->lock);
}

bool refresher_at_it(struct refresher *refresher, const char *name, int64_t *least)
{
	pthread_mutex_lock(&refresher->lock);
	const struct cached *cached = place_find(refresher, name);
	bool at_it = cached && (cached->asked || cached->making);
	if (at_it)
		*least = cached->least;
	pthread_mutex_unlock(&refresher->lock);
	return at_it;
}

static void total_take(struct cached *cached, const struct total *total)
{
	const bson_t *filter = total->many_filter ? total->many_filter : total->filter;

	cached->total = *total;
	cached->total.name = NULL;
	cached->total.many_filter = NULL;
	cached->total.filter = filter ? bson_copy(filter) : NULL;
	cached->total.pipeline = total->pipeline ? bson_copy(total->pipeline) : NULL;
	cached->asked = true;
	cached->asked_at = clock_steady();
}

void refresher_ask(struct refresher *refresher, struct db *db, const struct total *total,
		   int64_t least)
{
	pthread_mutex_lock(&refresher->lock);
	struct cached *cached = place_take(refresher, total->name);
	if (least > cached->least)
		cached->least = least;
	if (!cached->asked && !cached->making) {
		total_take(cached, total);
		thread_make(refresher, db);
		pthread_cond_signal(&refresher->asked);
	}
	pthread_mutex_unlock(&refresher->lock);
}

bool refresher_wait(struct refresher *refresher, const char *name, int64_t since, int64_t deadline)
{
	bool in_time = true, made = false;

	pthread_mutex_lock(&refresher->lock);
	while (in_time && !made) {
		const struct cached *cached = place_find(refresher, name);

		made = cached && cached->known && cached->begun_at >= since;
		in_time = made || made_by(refresher, deadline);
	}
	pthread_mutex_unlock(&refresher->lock);
	return made;
}
