#include "server/queue.h"

void queue_init(struct queue *queue)
{
	*queue = (struct queue){ 0 };
	STAILQ_INIT(&queue->waiting);
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
}

void queue_push(struct queue *queue, struct queued *queued)
{
	pthread_mutex_lock(&queue->lock);
	STAILQ_INSERT_TAIL(&queue->waiting, queued, next);
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

struct queued *queue_pop(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (STAILQ_EMPTY(&queue->waiting) && !queue->closed)
		pthread_cond_wait(&queue->filled, &queue->lock);

	struct queued *first = STAILQ_FIRST(&queue->waiting);
	if (first)
		STAILQ_REMOVE_HEAD(&queue->waiting, next);
	pthread_mutex_unlock(&queue->lock);
	return first;
}

struct queued *queue_take_all(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	struct queued *first = STAILQ_FIRST(&queue->waiting);
	STAILQ_INIT(&queue->waiting);
	pthread_mutex_unlock(&queue->lock);
	return first;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_is_closed(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	bool closed = queue->closed;
	pthread_mutex_unlock(&queue->lock);
	return closed;
}

void queue_destroy(struct queue *queue)
{
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
}
