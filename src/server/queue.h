/*
 * Connections, and the bounded queues in which they wait for a thread.
 *
 * A queue is a list through the connections themselves, so that adding one allocates nothing and fails only at the
 * limit.
 */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "server/records.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct connection {
	int fd; /* the acceptor's, which alone closes it */
	struct records records; /* what has come of a request */
	/* While it waits for the rest of a request: since when, in steady milliseconds. Else 0. */
	int64_t unfinished_since;
	struct connection *next; /* in the queue it waits in */
	struct connection *older, *newer; /* in the acceptor's list of all that are open */
};

struct queue {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t filled;
	struct connection *first, *last;
	size_t length, limit;
	bool closed;
};

void queue_init(struct queue *queue, size_t limit);

/* Never waits; false when the limit is reached. */
bool queue_push(struct queue *queue, struct connection *connection);

/* Waits for a connection; NULL once the queue is closed and empty. */
struct connection *queue_pop(struct queue *queue);

/* Ends all waiting in queue_pop(). What is still in the queue can be taken out. */
void queue_close(struct queue *queue);

void queue_destroy(struct queue *queue);

#endif
