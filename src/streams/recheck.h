/* Looks again who may listen: streams of users who are gone, or whose tokens were ended or have expired, end. */
#ifndef STREAMS_RECHECK_H
#define STREAMS_RECHECK_H

#include "streams/loop.h"

/* How often; a stream lives at most so much and a moment longer than its right to. */
#define RECHECK_S 20

/* One look at all users who have streams; the database is asked in the pool, for many of them at once. */
void recheck_begin(struct loop *loop);

#endif
