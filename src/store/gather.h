/*
 * Group commands: while one is away, the next gather.
 *
 * Most of what a command to MongoDB costs does not depend on how much it carries. So threads that want the same kind of
 * thing at the same moment ask for it together. Whoever finds nobody away goes at once, alone. While somebody is away,
 * those who come wait, and form the next group; it leaves when the one before is back, led by the thread that came
 * first, which works for all of its members. So nobody ever waits for company, and a lone caller notices nothing. A
 * command that hangs holds nobody up for ever: whoever has waited for late_ms leaves all the same.
 *
 * A group takes nobody after it has left. So what its leader reads is never older than the request of any member.
 */
#ifndef STORE_GATHER_H
#define STORE_GATHER_H

#include <stddef.h>
#include <stdint.h>

/* Those who want one kind of thing. */
struct gather;

/*
 * Does what all members want. It runs in the thread of the group's leader, whose context it gets; all other members'
 * threads wait meanwhile, so it may use whatever is theirs. A member is what its thread gave to gather_join().
 */
typedef void (*gather_work)(void *context, void *const *members, size_t count);

/* After so long a command that is usually one of milliseconds is taken to hang. */
#define GATHER_LATE_MS 250

/* At most `away` groups are away at a time, those that are late aside, each of at most `most` members. */
struct gather *gather_new(size_t away, size_t most, int64_t late_ms, gather_work work);
/* No thread may use it any more. NULL is fine. */
void gather_free(struct gather *gather);

/* Returns when the member's group has been worked for, by this thread (with this context) or another. */
void gather_join(struct gather *gather, void *member, void *context);

/* How many members wait for their group to leave. */
size_t gather_waiting(struct gather *gather);

#endif
