#include "streams/desk.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 200 };

struct desk {
	struct mailbox *mailbox;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct letter *first, **end; /* errands that wait */
	bool closing;
	size_t count;
	struct clerk {
		struct place place;
		pthread_t thread;
	} clerks[];
};

/* NULL when the desk closes. */
static struct errand *errand_take(struct desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	while (!desk->first && !desk->closing)
		pthread_cond_wait(&desk->changed, &desk->lock);
	struct letter *letter = desk->closing ? NULL : desk->first;
	if (letter) {
		desk->first = letter->next;
		if (!desk->first)
			desk->end = &desk->first;
	}
	pthread_mutex_unlock(&desk->lock);
	return (struct errand *)letter;
}

static void *clerk_run(void *argument)
{
	struct place *place = argument;
	struct errand *errand;

	while ((errand = errand_take(place->desk)) != NULL) {
		errand->late = clock_steady() > errand->until;
		if (!errand->late)
			errand->work(errand, place);
		arena_reset(place->arena);
		mailbox_post(place->desk->mailbox, &errand->letter);
	}
	return NULL;
}

static bool clerk_start(struct desk *desk, struct clerk *clerk, struct store *store)
{
	clerk->place = (struct place){ .desk = desk, .db = db_open(store), .arena = arena_new() };
	int error = clerk->place.db ?
			    pthread_create(&clerk->thread, NULL, clerk_run, &clerk->place) :
			    0;

	if (clerk->place.db && !error)
		return true;
	if (error)
		log_line(LOG_ERROR, NULL, "A thread cannot be made: %s", strerror(error));
	db_close(clerk->place.db);
	arena_free(clerk->place.arena);
	return false;
}

struct desk *desk_open(struct store *store, int threads, struct mailbox *mailbox)
{
	struct desk *desk = calloc(1, sizeof *desk + (size_t)threads * sizeof *desk->clerks);

	if (!desk)
		abort();
	desk->mailbox = mailbox;
	desk->end = &desk->first;
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->changed, NULL);
	while (desk->count < (size_t)threads) {
		if (!clerk_start(desk, &desk->clerks[desk->count], store)) {
			desk_close(desk);
			return NULL;
		}
		desk->count++;
	}
	return desk;
}

void desk_close(struct desk *desk)
{
	if (!desk)
		return;
	pthread_mutex_lock(&desk->lock);
	desk->closing = true;
	pthread_cond_broadcast(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
	for (size_t i = 0; i < desk->count; i++) {
		pthread_join(desk->clerks[i].thread, NULL);
		db_close(desk->clerks[i].place.db);
		arena_free(desk->clerks[i].place.arena);
	}
	for (struct letter *letter = desk->first, *next; letter; letter = next) {
		next = letter->next;
		letter->discard(letter);
	}
	pthread_cond_destroy(&desk->changed);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}

void desk_send(struct desk *desk, struct errand *errand)
{
	errand->letter.next = NULL;
	pthread_mutex_lock(&desk->lock);
	*desk->end = &errand->letter;
	desk->end = &errand->letter.next;
	pthread_cond_signal(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
}

bool desk_wait(struct desk *desk, const struct errand *errand)
{
	if (clock_steady() >= errand->until)
		return false;
	clock_sleep(PAUSE_MS);
	pthread_mutex_lock(&desk->lock);
	bool closing = desk->closing;
	pthread_mutex_unlock(&desk->lock);
	return !closing;
}
