/*
 * A bulkhead: what takes long is done by a few threads of its own, and calls wait for those without holding a thread that
 * serves everybody. So neither many who log in nor a service outside that hangs keeps others waiting.
 *
 * Who waits is served fairly (server/fair.h). Somebody is turned away only where the wait would be longer than is promised,
 * or has been so long; how long turns take is measured as they end, whatever they wait for themselves, so it is true also
 * where other processes want the same.
 */
#ifndef SERVER_BULKHEAD_H
#define SERVER_BULKHEAD_H

#include "server/fair.h"

#include <stdbool.h>

/* Bodies above this are bulky: such calls find few places to wait, as what they hold might be a hundred times this. */
#define BULKHEAD_BULKY 8192
#define BULKHEAD_BULKY_PLACES 8

struct bulkhead_limits {
	int turns; /* at once, a thread each; 0: there is no such bulkhead */
	int each; /* turns that one outer key may have of them; 0: all */
	int places; /* calls that may wait: what a process has memory for */
	int64_t wait_ms; /* who would wait longer is turned away */
	int64_t usual_ms; /* what a turn is thought to take before one was measured */
	int nice; /* of its threads: above 0, others go before them where both want a core */
};

struct bulkhead;

struct bulkhead *bulkhead_new(const struct bulkhead_limits *limits);
/* No thread may be in it any more; NULL is fine. */
void bulkhead_free(struct bulkhead *bulkhead);

/*
 * Lets a call wait for its turn: from then on it belongs to whoever takes it. false: it may not, and is to be told to come
 * back after *seconds. *displaced: one who waited, and has to make room: NULL, or the caller's to turn away.
 */
bool bulkhead_enter(struct bulkhead *bulkhead, struct waiter *waiter, bool bulky,
		    struct waiter **displaced, int *seconds);

/* Waits for one whose turn it is; NULL once the bulkhead is closed. End the turn with bulkhead_leave(). */
struct waiter *bulkhead_take(struct bulkhead *bulkhead);
void bulkhead_leave(struct bulkhead *bulkhead, struct waiter *waiter);

/* Waits for one who has waited too long, for a thread that does nothing else; NULL once the bulkhead is closed. */
struct waiter *bulkhead_take_late(struct bulkhead *bulkhead);

/* Until those who wait now are through: when it is worth coming back. At least 1. */
int bulkhead_seconds(struct bulkhead *bulkhead, const struct waiter *waiter);

void bulkhead_close(struct bulkhead *bulkhead);

#endif
