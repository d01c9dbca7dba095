/* Catching up: what a reader that comes back has missed, read from the database while its stream holds the rest. */
#ifndef STREAMS_CATCH_UP_H
#define STREAMS_CATCH_UP_H

#include "streams/loop.h"

/* For a stream that was opened holding; ends with stream_go_on(). last: what the reader says it saw last. */
void catch_up_begin(struct loop *loop, struct stream *stream, const struct id *user,
		    const char *last);

#endif
