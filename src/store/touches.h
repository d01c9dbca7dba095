/*
 * Which documents the transactions of a group touch, and where.
 *
 * A group runs its members' steps place by place, at each place in the order of the members. That comes to the same as
 * its members one after the other as long as this holds: two members touch the same document only at the same place.
 * Then the members change, and see, each document in their order. Whoever would break it has to go alone; so has a
 * step that does not name its document by an _id.
 */
#ifndef STORE_TOUCHES_H
#define STORE_TOUCHES_H

#include "store/txn.h"

#include <stdint.h>

struct touches {
	struct arena *arena;
	struct touch *touched;
	size_t count, room;
	size_t places; /* so many were passed */
};

/* With this many, whoever touches more goes alone: it keeps the looking up cheap, and a group's commands small. */
#define TOUCHES_MOST 1024

/* The document that a step touches, as a number. Two documents may have the same one by accident: that costs
 * somebody the company of others, and nothing else. 0: an insert without an _id, or a decision. False: it does not say
 * which. */
bool touched_by(const struct step *step, uint64_t *touched);
/* The same of a document of that collection. */
uint64_t touched_as(enum collection in, const bson_t *doc);

/* Notes that a transaction touches a document at a place. False: that breaks the rule. */
bool touches_add(struct touches *touches, const struct txn *by, uint64_t touched, size_t place);

#endif
