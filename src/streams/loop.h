/* What the loop has, and the parts of microtask-events share. */
#ifndef STREAMS_LOOP_H
#define STREAMS_LOOP_H

#include "base/config.h"
#include "streams/mailbox.h"
#include "streams/pool.h"
#include "streams/stream.h"

#include <stdatomic.h>
#include <stddef.h>

/* How long a request waits for a database that is away: browsers take an error for final, a wait not. */
#define LOOP_PATIENCE_MS 8000

struct loop {
	const struct config *config;
	struct hub *hub;
	struct mailbox *mailbox;
	struct pool *pool;
	size_t streams_max, arriving; /* requests that the pool has */
	/* Whether what is committed from now on will be told. It stays so once it is: a watch goes on where it was. */
	atomic_bool watching;
};

#endif
