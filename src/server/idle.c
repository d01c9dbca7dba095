#include "server/idle.h"

void idle_init(struct idle *idle, size_t limit)
{
	*idle = (struct idle){ .limit = limit };
	STAILQ_INIT(&idle->waiting);
	pthread_mutex_init(&idle->lock, NULL);
}

void idle_destroy(struct idle *idle)
{
	pthread_mutex_destroy(&idle->lock);
}

struct queued *idle_begin(struct idle *idle)
{
	pthread_mutex_lock(&idle->lock);
	struct queued *first = STAILQ_FIRST(&idle->waiting);
	if (first) {
		STAILQ_REMOVE_HEAD(&idle->waiting, next);
		idle->length--;
	} else {
		idle->threads++;
	}
	pthread_mutex_unlock(&idle->lock);
	return first;
}

enum idle_verdict idle_offer(struct idle *idle, struct queued *queued)
{
	enum idle_verdict verdict = IDLE_FULL;

	pthread_mutex_lock(&idle->lock);
	if (idle->threads > 1) {
		idle->threads--;
		verdict = IDLE_SERVE;
	} else if (idle->length < idle->limit) {
		STAILQ_INSERT_TAIL(&idle->waiting, queued, next);
		idle->length++;
		verdict = IDLE_QUEUED;
	}
	pthread_mutex_unlock(&idle->lock);
	return verdict;
}
