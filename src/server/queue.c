#include "server/queue.h"

void queue_init(struct queue *queue, size_t limit)
{
	*queue = (struct queue){ .limit = limit };
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
}

bool queue_push(struct queue *queue, struct connection *connection)
{
	pthread_mutex_lock(&queue->lock);
	bool room = queue->length < queue->limit;
	if (room) {
		connection->next = NULL;
		if (queue->last)
			queue->last->next = connection;
		else
			queue->first = connection;
		queue->last = connection;
		queue->length++;
		pthread_cond_signal(&queue->filled);
	}
	pthread_mutex_unlock(&queue->lock);
	return room;
}

struct connection *queue_pop(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->closed)
		pthread_cond_wait(&queue->filled, &queue->lock);

	struct connection *connection = queue->first;
	if (connection) {
		queue->first = connection->next;
		if (!queue->first)
			queue->last = NULL;
		queue->length--;
	}
	pthread_mutex_unlock(&queue->lock);
	return connection;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

void queue_destroy(struct queue *queue)
{
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
}
