/*
 * A fair queue: round robin over two levels of keys.
 *
 * Each waiter has an outer key, which says who calls, and an inner one, which says for what: for a log-in these are the
 * address and the account. Outer keys are served in turn; within an outer key, its inner keys in turn; within an inner
 * key, who came first. So somebody who sends a hundred calls waits for their own calls, and somebody who sends one is
 * served next. All functions are cheap, and none of them locks.
 */
#ifndef SERVER_FAIR_H
#define SERVER_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct fair_group;
TAILQ_HEAD(fair_groups, fair_group);

/* Hashes of names. Two names with the same hash share what one of them would get. */
struct fair_key {
	uint64_t outer, inner;
};

/* A member of whatever waits. */
struct waiter {
	struct fair_key key;
	int64_t since, begun_us; /* when its wait and its turn began; used by the bulkhead */
	bool bulky;
	struct fair_group *flow, *lane; /* the groups of its outer key, and of both its keys */
	TAILQ_ENTRY(waiter) in_lane, in_all;
};

TAILQ_HEAD(waiters, waiter);

struct fair {
	struct fair_groups flows; /* in the order of their turns */
	struct waiters all; /* the oldest first */
	size_t waiting;
};

void fair_init(struct fair *fair);
/* Forgets all waiters and turns. */
void fair_destroy(struct fair *fair);

void fair_put(struct fair *fair, struct waiter *waiter);

/* Takes out the next waiter, of outer keys that have fewer than `each` turns now (0: no limit); NULL when there is no
 * such waiter. fair_done() ends its turn. */
struct waiter *fair_next(struct fair *fair, size_t each);
void fair_done(struct fair *fair, struct waiter *waiter);

/* The one that has waited longest; NULL when nobody waits. */
struct waiter *fair_oldest(const struct fair *fair);
/* Takes one out that waits no longer. It gets no turn. */
void fair_remove(struct fair *fair, struct waiter *waiter);

/* Who has to go when there is no room for a new waiter with this key: of the outer key with most waiters, and of its
 * inner key with most, who came last. NULL when the new one's outer key would then have as many: the new one cannot
 * stay. */
struct waiter *fair_crowd(const struct fair *fair, struct fair_key key);

/* What a waiter that came now would find. */
struct fair_place {
	size_t ahead; /* how many would be served before it, at most */
	size_t own; /* how many of these have the same outer key */
	size_t ready; /* how many of all waiters could have a turn now */
	bool may; /* could it have a turn now, in spite of those with the same outer key? */
};
struct fair_place fair_place(const struct fair *fair, struct fair_key key, size_t each);

#endif
