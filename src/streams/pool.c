#include "streams/pool.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "server/process.h"

#include <stdlib.h>

enum { PAUSE_MS = 200 };

struct pool {
	struct mailbox *mailbox;
	struct queue jobs;
	size_t count;
	struct worker workers[];
};

/* Once the pool closes, what still waits comes too late. */
static void *worker_run(void *argument)
{
	struct worker *worker = argument;
	struct pool *pool = worker->pool;
	struct job *job;

	while ((job = (struct job *)queue_pop(&pool->jobs)) != NULL) {
		job->late = clock_steady() > job->until || queue_is_closed(&pool->jobs);
		if (!job->late)
			job->work(job, worker);
		arena_reset(worker->arena);
		mailbox_post(pool->mailbox, &job->message);
	}
	return NULL;
}

static bool worker_start(struct pool *pool, struct worker *worker, struct store *store)
{
	*worker = (struct worker){ .pool = pool, .db = db_open(store), .arena = arena_new() };
	if (worker->db && process_thread(&worker->thread, worker_run, worker))
		return true;
	db_close(worker->db);
	arena_free(worker->arena);
	return false;
}

struct pool *pool_open(struct store *store, int threads, struct mailbox *mailbox)
{
	struct pool *pool = memory_new(sizeof *pool + (size_t)threads * sizeof *pool->workers);

	pool->mailbox = mailbox;
	queue_init(&pool->jobs);
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
	queue_close(&pool->jobs);
	for (size_t i = 0; i < pool->count; i++) {
		pthread_join(pool->workers[i].thread, NULL);
		db_close(pool->workers[i].db);
		arena_free(pool->workers[i].arena);
	}
	queue_destroy(&pool->jobs);
	free(pool);
}

void pool_send(struct pool *pool, struct job *job)
{
	queue_push(&pool->jobs, &job->message.queued);
}

bool pool_wait(struct pool *pool, const struct job *job)
{
	if (clock_steady() >= job->until)
		return false;
	clock_sleep(PAUSE_MS);
	return !queue_is_closed(&pool->jobs);
}
