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
	struct pool_thread threads[];
};

/* Once the pool closes, what still waits comes too late. */
static void *thread_run(void *argument)
{
	struct pool_thread *thread = argument;
	struct pool *pool = thread->pool;
	struct job *job;

	while ((job = (struct job *)queue_pop(&pool->jobs)) != NULL) {
		job->late = clock_steady() > job->until || queue_is_closed(&pool->jobs);
		if (!job->late)
			job->work(job, thread);
		arena_reset(thread->arena);
		mailbox_post(pool->mailbox, &job->message);
	}
	return NULL;
}

static bool thread_start(struct pool *pool, struct pool_thread *thread, struct store *store)
{
	*thread = (struct pool_thread){ .pool = pool, .db = db_open(store), .arena = arena_new() };
	if (thread->db && process_thread(&thread->thread, thread_run, thread))
		return true;
	db_close(thread->db);
	arena_free(thread->arena);
	return false;
}

struct pool *pool_open(struct store *store, int threads, struct mailbox *mailbox)
{
	struct pool *pool = memory_new(sizeof *pool + (size_t)threads * sizeof *pool->threads);

	pool->mailbox = mailbox;
	queue_init(&pool->jobs);
	while (pool->count < (size_t)threads) {
		if (!thread_start(pool, &pool->threads[pool->count], store)) {
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
		pthread_join(pool->threads[i].thread, NULL);
		db_close(pool->threads[i].db);
		arena_free(pool->threads[i].arena);
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
