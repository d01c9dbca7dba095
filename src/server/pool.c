#include "server/fcgi.h"

#include "base/log.h"
#include "base/memory.h"
#include "server/acceptor.h"
#include "server/idle.h"
#include "server/process.h"
#include "server/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* A request that is served, or waits for its turn. */
struct job {
	struct waiter waiter; /* first, so that a waiter is its job */
	struct worker *worker;
	struct request *rq; /* the worker's */
	struct connection *connection;
	SLIST_ENTRY(job) next; /* of those that are free */
};

/* How much of a request's id is copied, for a line of the log when the request may be gone already. Ids of ours and of
 * nginx are shorter. */
#define LOG_ID_SIZE 65

struct pool {
	const struct fcgi_server *server;
	struct acceptor *acceptor;
	struct idle idle; /* of the threads that serve everybody */
	struct queue refused;
	struct bulkhead *bulkheads[TURN_COUNT]; /* NULL where there is none */
	sem_t started; /* posted by each thread when its start has succeeded or failed */
	struct thread *threads;
	size_t count; /* how many threads were made */

	pthread_mutex_t lock; /* guards all below */
	SLIST_HEAD(, job) free;
	int free_count;
};

struct thread {
	struct pool *pool;
	void (*run)(struct thread *thread);
	enum turn turn; /* of whose bulkhead it is; TURN_NONE: it serves all calls */
	bool failed;
	struct db *db; /* what the server's start() gave; NULL: it needs no database */
	struct params_reader *reader; /* NULL: it reads no requests */
	pthread_t id;
};

/* --- jobs --- */

static struct job *job_take(struct pool *pool, struct connection *connection)
{
	pthread_mutex_lock(&pool->lock);
	struct job *job = SLIST_FIRST(&pool->free);
	if (job) {
		SLIST_REMOVE_HEAD(&pool->free, next);
		pool->free_count--;
	}
	pthread_mutex_unlock(&pool->lock);
	if (!job) {
		job = memory_new(sizeof(*job));
		job->worker = worker_new();
		job->rq = worker_request(job->worker);
		job->rq->app = pool->server->app;
	}
	job->connection = connection;
	return job;
}

static void job_free(struct job *job)
{
	worker_free(job->worker);
	free(job);
}

/* No more stay than there are threads for everybody: what a rush took goes when it is over. */
static void job_put(struct pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	bool stays = pool->free_count < pool->server->threads;
	if (stays) {
		SLIST_INSERT_HEAD(&pool->free, job, next);
		pool->free_count++;
	}
	pthread_mutex_unlock(&pool->lock);
	if (!stays)
		job_free(job);
}

static void job_end(struct pool *pool, struct job *job, bool keep)
{
	struct connection *connection = job->connection;

	worker_reset(job->worker);
	job_put(pool, job);
	if (keep)
		acceptor_keep(pool->acceptor, connection);
	else
		acceptor_close(pool->acceptor, connection);
}

/* false: there is nothing to answer, or not yet, and the job has ended. */
static bool job_read(const struct thread *thread, struct job *job)
{
	enum records_state state = worker_read(job->worker, thread->reader, job->connection);

	if (state != RECORDS_WHOLE)
		job_end(thread->pool, job, state == RECORDS_PART);
	return state == RECORDS_WHOLE;
}

static void job_deliver(struct pool *pool, struct job *job)
{
	bool keep = worker_send(job->worker, job->connection);

	job_end(pool, job, keep);
}

/* --- turns --- */

static void turn_away(const struct thread *thread, struct job *job, int seconds)
{
	const struct fcgi_server *server = thread->pool->server;

	job->rq->db = thread->db;
	server->turn_away(job->rq, seconds);
	job_deliver(thread->pool, job);
}

/* Lets it wait for its turn. Then it belongs to who takes it, who may be done with it already. */
static void park(const struct thread *thread, struct job *job, enum turn turn)
{
	const struct fcgi_server *server = thread->pool->server;
	struct bulkhead *bulkhead = thread->pool->bulkheads[turn];
	bool bulky = job->rq->body_length > BULKHEAD_BULKY;
	char id[LOG_ID_SIZE];
	struct waiter *displaced;
	int seconds;

	snprintf(id, sizeof(id), "%s", job->rq->request_id);
	job->waiter.key = server->share(job->rq);
	job->rq->db = NULL;
	if (bulkhead_enter(bulkhead, &job->waiter, bulky, &displaced, &seconds))
		log_line(LOG_DEBUG, id, "Waits for its turn %s", turn_name(turn));
	else
		turn_away(thread, job, seconds);
	if (displaced)
		turn_away(thread, (struct job *)displaced, bulkhead_seconds(bulkhead, displaced));
}

/* Those who left get no turn: what they came for is not done. */
static void run_turns(struct thread *thread)
{
	const struct fcgi_server *server = thread->pool->server;
	struct bulkhead *bulkhead = thread->pool->bulkheads[thread->turn];
	struct job *job;

	while ((job = (struct job *)bulkhead_take(bulkhead)) != NULL) {
		job->rq->db = thread->db;
		if (acceptor_is_left(thread->pool->acceptor, job->connection))
			server->turn_away(job->rq, 0);
		else
			server->resume(job->rq);
		bulkhead_leave(bulkhead, &job->waiter);
		job_deliver(thread->pool, job);
	}
}

static void run_late(struct thread *thread)
{
	struct bulkhead *bulkhead = thread->pool->bulkheads[thread->turn];
	struct waiter *waiter;

	while ((waiter = bulkhead_take_late(bulkhead)) != NULL)
		turn_away(thread, (struct job *)waiter, bulkhead_seconds(bulkhead, waiter));
}

/* --- serving everybody --- */

static void serve(const struct thread *thread, struct job *job)
{
	const struct fcgi_server *server = thread->pool->server;

	job->rq->db = thread->db;
	if (!job_read(thread, job))
		return;
	enum turn turn = server->handle(job->rq);
	if (turn == TURN_NONE)
		job_deliver(thread->pool, job);
	else
		park(thread, job, turn);
}

/* A connection for this thread to serve, which has none. NULL: the server ends. */
static struct connection *next_connection(struct pool *pool)
{
	struct connection *connection = (struct connection *)idle_begin(&pool->idle);

	if (connection)
		return connection;
	while ((connection = acceptor_wait(pool->acceptor)) != NULL) {
		enum idle_verdict verdict = idle_offer(&pool->idle, &connection->queued);

		if (verdict == IDLE_SERVE)
			break;
		if (verdict == IDLE_FULL)
			queue_push(&pool->refused, &connection->queued);
	}
	return connection;
}

static void run_serving(struct thread *thread)
{
	struct connection *connection;

	while ((connection = next_connection(thread->pool)) != NULL)
		serve(thread, job_take(thread->pool, connection));
}

/* Answers those whom the queue did not hold. */
static void run_refusing(struct thread *thread)
{
	struct pool *pool = thread->pool;
	struct connection *connection;

	while ((connection = (struct connection *)queue_pop(&pool->refused)) != NULL) {
		struct job *job = job_take(pool, connection);

		if (!job_read(thread, job))
			continue;
		worker_refuse(job->worker);
		job_deliver(pool, job);
	}
}

/* --- threads --- */

static void *thread_main(void *argument)
{
	struct thread *thread = argument;
	const struct fcgi_server *server = thread->pool->server;
	bool asks = thread->run != run_refusing;
	bool reads = thread->run == run_serving || thread->run == run_refusing;

	turn_take(thread->turn);
	/* a thread has a priority of its own in Linux */
	if (thread->turn && server->bulkheads[thread->turn].nice)
		setpriority(PRIO_PROCESS, (id_t)gettid(), server->bulkheads[thread->turn].nice);
	if (asks)
		thread->db = server->start(server->app);
	if (reads)
		thread->reader = params_reader_new();
	thread->failed = asks && !thread->db;
	sem_post(&thread->pool->started);
	if (!thread->failed)
		thread->run(thread);
	if (thread->db)
		server->stop(thread->db);
	params_reader_free(thread->reader);
	return NULL;
}

/* How many threads a bulkhead takes: one for each turn, and one for those who wait too long. */
static size_t threads_of(const struct fcgi_server *server, enum turn turn)
{
	int turns = server->bulkheads ? server->bulkheads[turn].turns : 0;

	return turns > 0 ? (size_t)turns + 1 : 0;
}

/* Who does what. Returns how many threads that takes. */
static size_t pool_plan(struct pool *pool)
{
	const struct fcgi_server *server = pool->server;
	/* one more than serve at once, and the one that refuses */
	size_t serving = (size_t)server->threads + 1, wanted = serving + 1, planned = 0;

	for (enum turn turn = TURN_NONE; turn < TURN_COUNT; turn++)
		wanted += threads_of(server, turn);
	pool->threads = memory_new(wanted * sizeof(*pool->threads));
	while (planned < serving)
		pool->threads[planned++].run = run_serving;
	pool->threads[planned++].run = run_refusing;
	for (enum turn turn = TURN_NONE; turn < TURN_COUNT; turn++)
		for (size_t i = 0; i < threads_of(server, turn); i++)
			pool->threads[planned++] =
				(struct thread){ .run = i ? run_turns : run_late, .turn = turn };
	return wanted;
}

/* Makes the threads and waits until each can serve. */
static bool pool_start(struct pool *pool)
{
	size_t wanted = pool_plan(pool);
	bool all = true;

	for (; pool->count < wanted; pool->count++) {
		struct thread *thread = &pool->threads[pool->count];
		thread->pool = pool;
		if (!process_thread(&thread->id, thread_main, thread))
			return false;
	}
	for (size_t i = 0; i < pool->count; i++)
		while (sem_wait(&pool->started) != 0)
			continue;
	for (size_t i = 0; i < pool->count; i++)
		all = all && !pool->threads[i].failed;
	if (!all)
		log_line(LOG_ERROR, NULL, "Not every thread could be started");
	return all;
}

static void pool_open(struct pool *pool)
{
	const struct fcgi_server *server = pool->server;

	idle_init(&pool->idle, (size_t)server->queue);
	queue_init(&pool->refused);
	pthread_mutex_init(&pool->lock, NULL);
	sem_init(&pool->started, 0, 0);
	for (enum turn turn = TURN_NONE; turn < TURN_COUNT; turn++)
		if (threads_of(server, turn))
			pool->bulkheads[turn] = bulkhead_new(&server->bulkheads[turn]);
}

static void pool_stop(struct pool *pool)
{
	acceptor_end(pool->acceptor);
	queue_close(&pool->refused);
	for (enum turn turn = TURN_NONE; turn < TURN_COUNT; turn++)
		bulkhead_close(pool->bulkheads[turn]);
	for (size_t i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i].id, NULL);
}

static void pool_close(struct pool *pool)
{
	for (enum turn turn = TURN_NONE; turn < TURN_COUNT; turn++)
		bulkhead_free(pool->bulkheads[turn]);
	for (struct job *job; (job = SLIST_FIRST(&pool->free)) != NULL;) {
		SLIST_REMOVE_HEAD(&pool->free, next);
		job_free(job);
	}
	idle_destroy(&pool->idle);
	queue_destroy(&pool->refused);
	pthread_mutex_destroy(&pool->lock);
	sem_destroy(&pool->started);
	free(pool->threads);
}

static int pool_run(struct pool *pool)
{
	const struct fcgi_server *server = pool->server;

	if (!pool_start(pool))
		return -1;
	if (server->ready)
		server->ready();
	return acceptor_run(pool->acceptor, FCGI_DRAIN_MS);
}

int fcgi_serve(const struct fcgi_server *server, int listen_fd)
{
	struct pool pool = { .server = server };
	int result = -1;

	pool_open(&pool);
	/* First: it blocks the signals for which the library would set handlers. */
	pool.acceptor = acceptor_new(listen_fd);
	if (pool.acceptor && params_library_start())
		result = pool_run(&pool);
	pool_stop(&pool);
	pool_close(&pool);
	acceptor_free(pool.acceptor);
	return result;
}
