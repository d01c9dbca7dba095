/* A new server, for trying out, becomes a replica set of one member. */
#ifndef STORE_REPLICA_SET_H
#define STORE_REPLICA_SET_H

#include "base/error.h"

/*
 * Asks the server at an address ("127.0.0.1:27017") whether it takes writes: OK when it does. One that is in no replica
 * set yet is made one of its own, with this name. ERR_UNAVAILABLE, with a sentence in problem, also while that is under
 * way: ask again. ERR_INVALID_INPUT: it is no address.
 */
enum err replica_set_begin(const char *name, const char *address, char problem[256]);

#endif
