/* An answer on its way to the web server, as FastCGI records. */
#ifndef SERVER_OUTPUT_H
#define SERVER_OUTPUT_H

#include "base/buffer.h"

#include <stdbool.h>

/*
 * Sends what a request of this id gets, and the records that end it: in one system call, unless there is more than a
 * record holds (64 KiB) or than the peer takes at once. A peer that does not take all of it within
 * CONNECTION_PATIENCE_MS must not keep the thread: false, as for one that has left. Then the connection is of no more
 * use.
 */
bool output_send(int fd, unsigned id, const struct buffer *head, const struct buffer *body);

#endif
