/*
 * Which thread serves what comes. All threads that have nothing to do wait for connections, and whoever gets one serves
 * it: no thread hands it to another. Only the last that is idle serves nothing. It puts what comes into a bounded queue
 * and waits on, so that when all others are busy somebody still is there to tell that the queue is full.
 *
 * Nothing is left lying. The count of idle threads and the queue have one lock, under which two things hold:
 * - At least one thread is idle from the first idle_begin() on: idle_offer() lets none go that is alone.
 * - While more than one is idle, the queue is empty: what is queued is queued by a thread that is alone, and the next
 *   thread that would become idle finds it and serves it instead.
 * So what waits in the queue has all other threads at work before it, and the first that is done takes it.
 */
#ifndef SERVER_IDLE_H
#define SERVER_IDLE_H

#include "server/queue.h"

struct idle {
	pthread_mutex_t lock; /* guards all below */
	size_t threads;
	STAILQ_HEAD(, queued) waiting;
	size_t length, limit;
};

enum idle_verdict { IDLE_SERVE, IDLE_QUEUED, IDLE_FULL };

void idle_init(struct idle *idle, size_t limit);
void idle_destroy(struct idle *idle);

/* The caller has nothing to do. Returns what has waited longest, for the caller to serve. NULL: the caller is idle now,
 * and has to offer whatever it gets. */
struct queued *idle_begin(struct idle *idle);

/* An idle thread got this. SERVE: it has to serve it, and is idle no longer. Else it stays idle: it was QUEUED, or it
 * has to be refused as the queue is FULL. Never waits. */
enum idle_verdict idle_offer(struct idle *idle, struct queued *queued);

#endif
