/*
 * A fair queue: those who wait are served round robin over whom they wait for.
 *
 * Waiters come from somebody (an address, or an account), and within that from somebody again (of one address, the
 * account that is meant). Round robin over the first, within one over the second, within that first come, first served:
 * whoever sends a hundred waits for their own, and who comes with one is next. All functions are cheap, none locks.
 */
#ifndef SERVER_FAIR_H
#define SERVER_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct fair_flow;
struct fair_lane;

/* Whose it is: hashes of names; two that collide share what one gets. */
struct fair_key {
	uint64_t outer, inner;
};

/* Lives in whatever waits. */
struct waiter {
	struct fair_key key;
	int64_t since, begun_us; /* of its wait and its turn; the bulkhead's */
	bool bulky;
	struct fair_flow *flow;
	struct fair_lane *lane;
	TAILQ_ENTRY(waiter) in_lane, in_all;
};

TAILQ_HEAD(waiters, waiter);

struct fair {
	TAILQ_HEAD(, fair_flow) flows; /* in the order of their turns */
	struct waiters all; /* the oldest first */
	size_t waiting;
};

void fair_init(struct fair *fair);
/* Forgets whoever waits or has a turn. */
void fair_destroy(struct fair *fair);

void fair_put(struct fair *fair, struct waiter *waiter);

/* Takes out the one whose turn it is, of outer keys that have fewer than `each` turns now (0: no limit); NULL: there is
 * none. fair_done() ends the turn. */
struct waiter *fair_next(struct fair *fair, size_t each);
void fair_done(struct fair *fair, struct waiter *waiter);

/* Who has waited longest; NULL: nobody waits. */
struct waiter *fair_oldest(const struct fair *fair);
/* Takes one out who waits no longer. It has no turn. */
void fair_remove(struct fair *fair, struct waiter *waiter);

/* Who has to make room for one with this key: the last of the keys of which most wait; NULL: those are no more than this
 * key's own would be. */
struct waiter *fair_crowd(const struct fair *fair, struct fair_key key);

/* How it would be for one who came now. */
struct fair_place {
	size_t ahead; /* how many are served before, at most */
	size_t own; /* of these, those with the same outer key */
	size_t ready; /* how many of all who wait could have a turn now */
	bool may; /* could this one, besides those with the same outer key? */
};
struct fair_place fair_place(const struct fair *fair, struct fair_key key, size_t each);

#endif
