/* The pool: threads with a connection to MongoDB each. They do what would hold up the loop. */
#ifndef STREAMS_POOL_H
#define STREAMS_POOL_H

#include "store/store.h"
#include "streams/mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pool;

/* A thread of the pool, and what it works with. The arena is reset after each job. */
struct pool_thread {
	pthread_t thread;
	struct pool *pool;
	struct db *db;
	struct arena *arena;
};

/* The first member of what is to be done: work in a thread of the pool, then the message is posted to the loop. */
struct job {
	struct message message;
	void (*work)(struct job *job, struct pool_thread *thread);
	int64_t until; /* steady milliseconds; afterwards it is of no use */
	bool late; /* its turn came after that: nothing was done */
};

/* NULL with a logged reason. Results go to the mailbox. */
struct pool *pool_open(struct store *store, int threads, struct mailbox *mailbox);
/* Waits for what runs; what does not run yet is late. NULL is fine. */
void pool_close(struct pool *pool);

void pool_send(struct pool *pool, struct job *job);

/* For work that found the database away: waits a moment and says whether to try again, which is so until the
 * job's time is over or the pool closes. */
bool pool_wait(struct pool *pool, const struct job *job);

#endif
