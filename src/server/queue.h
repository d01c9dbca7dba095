/*
 * Queues in which something waits for a thread.
 *
 * What waits has the link of the list in itself, so adding it allocates nothing and cannot fail.
 */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

/* The first member of what waits. It is in one queue at a time. */
struct queued {
	STAILQ_ENTRY(queued) next;
};

struct queue {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t filled;
	STAILQ_HEAD(, queued) waiting;
	bool closed;
};

void queue_init(struct queue *queue);

void queue_push(struct queue *queue, struct queued *queued);

/* Waits until there is something and takes it out; NULL once the queue is closed and empty. */
struct queued *queue_pop(struct queue *queue);
/* Takes out everything without waiting. The first of it, or NULL; the others follow by their `next`. */
struct queued *queue_take_all(struct queue *queue);

/* Ends all waiting in queue_pop(). What is still in the queue can be taken out. */
void queue_close(struct queue *queue);
bool queue_is_closed(struct queue *queue);

void queue_destroy(struct queue *queue);

#endif
