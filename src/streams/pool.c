#include "streams/pool.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 200 };

struct pool {
	struct mailbox *mailbox;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct message *first, **end; /* jobs that wait */
	bool closing;
	size_t count;
	struct worker workers[];
};

/* NULL when the pool closes. */
static struct job *job_take(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->first && !pool->closing)
		pthread_cond_wait(&pool->changed, &pool->lock);
	struct message *message = pool->closing ? NULL : pool->first;
	if (message) {
		pool->first = message->next;
		if (!pool->first)
			pool->end = &pool->first;
	}
	pthread_mutex_unlock(&pool->lock);
	return (struct job *)message;
}

static void *worker_run(void *argument)
{
	struct worker *worker = argument;
	struct job *job;

	while ((job = job_take(worker->pool)) != NULL) {
		job->late = clock_steady() > job->until;
		if (!job->late)
			job->work(job, worker);
		arena_reset(worker->arena);
		mailbox_post(worker->pool->mailbox, &job->message);
	}
	return NULL;
}

static bool worker_start(struct pool *pool, struct worker *worker, struct store *store)
{
	*worker = (struct worker){ .pool = pool, .db = db_open(store), .arena = arena_new() };
	int error = worker->db ? pthread_create(&worker->thread, NULL, worker_run, worker) : 0;

	if (worker->db && !error)
		return true;
	if (error)
		log_line(LOG_ERROR, NULL, "A thread cannot be made: %s", strerror(error));
	db_close(worker->db);
	arena_free(worker->arena);
	return false;
}

struct pool *pool_open(struct store *store, int threads, struct mailbox *mailbox)
{
	struct pool *pool = calloc(1, sizeof *pool + (size_t)threads * sizeof *pool->workers);

	if (!pool)
		abort();
	pool->mailbox = mailbox;
	pool->end = &pool->first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	while (pool->count < (size_t)threads) {
		if (!worker_start(pool, &pool->workers[pool->count], store)) {
			pool_close(pool);
			return NULL;
		}
		pool->count++;
	}
	return pool;
}

void pool_close(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->count; i++) {
		pthread_join(pool->workers[i].thread, NULL);
		db_close(pool->workers[i].db);
		arena_free(pool->workers[i].arena);
	}
	for (struct message *message = pool->first, *next; message; message = next) {
		next = message->next;
		message->discard(message);
	}
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void pool_send(struct pool *pool, struct job *job)
{
	job->message.next = NULL;
	pthread_mutex_lock(&pool->lock);
	*pool->end = &job->message;
	pool->end = &job->message.next;
	pthread_cond_signal(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

bool pool_wait(struct pool *pool, const struct job *job)
{
	if (clock_steady() >= job->until)
		return false;
	clock_sleep(PAUSE_MS);
	pthread_mutex_lock(&pool->lock);
	bool closing = pool->closing;
	pthread_mutex_unlock(&pool->lock);
	return !closing;
}
