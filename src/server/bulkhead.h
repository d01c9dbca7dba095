/*
 * A bulkhead: a few threads of its own do one kind of work that takes long. Calls that need it wait in the bulkhead's
 * queue, and hold no thread of those that serve all calls. So other calls do not wait when many people log in, or when
 * another service hangs.
 *
 * The queue is fair (server/fair.h). A call is turned away when it would wait longer than wait_ms, or has waited so
 * long. How long it would wait is estimated from how long the last turns took. That includes what a turn itself had to
 * wait for, such as a resource that other processes use as well.
 */
#ifndef SERVER_BULKHEAD_H
#define SERVER_BULKHEAD_H

#include "server/fair.h"

#include <stdbool.h>

/* Calls with a body of more bytes are bulky: few of them may wait at once, because each may hold a hundred times as
 * much. */
#define BULKHEAD_BULKY 8192
#define BULKHEAD_BULKY_PLACES 8

struct bulkhead_limits {
	int turns; /* how many at once, each in a thread; 0: there is no such bulkhead */
	int each; /* how many of them one outer key may have at once; 0: all */
	int places; /* how many calls may wait, by the memory of a process */
	int64_t wait_ms; /* a call that would wait longer is turned away */
	int64_t usual_ms; /* how long a turn is assumed to take until the first was measured */
	int nice; /* of its threads: above 0, other threads are given a core first */
};

struct bulkhead;

struct bulkhead *bulkhead_new(const struct bulkhead_limits *limits);
/* No thread may use it any more. NULL is fine. */
void bulkhead_free(struct bulkhead *bulkhead);

/*
 * Puts a call into the queue; from then on it belongs to the thread that takes it out. false: it may not wait, and is
 * to be told to come back after *seconds. *displaced is a call that had to make room for it, which the caller of this
 * function has to turn away; or NULL.
 */
bool bulkhead_enter(struct bulkhead *bulkhead, struct waiter *waiter, bool bulky,
		    struct waiter **displaced, int *seconds);

/* Waits until a call has its turn and takes it out; NULL once the bulkhead is closed. bulkhead_leave() ends the
 * turn. */
struct waiter *bulkhead_take(struct bulkhead *bulkhead);
void bulkhead_leave(struct bulkhead *bulkhead, struct waiter *waiter);

/* Waits until a call has waited too long and takes it out; NULL once the bulkhead is closed. For a thread that does
 * nothing else. */
struct waiter *bulkhead_take_late(struct bulkhead *bulkhead);

/* The seconds until all who wait now will have been served, at least 1: when it is worth coming back. */
int bulkhead_seconds(struct bulkhead *bulkhead, const struct waiter *waiter);

void bulkhead_close(struct bulkhead *bulkhead);

#endif
