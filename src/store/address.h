/*
 * MONGODB_URI as the driver is to use it: where the servers are, and who we are, is the operator's; what is asked of
 * them is ours.
 *
 * What the promises rest on is set here, whatever the address says, and every client of a pool has it from here: no
 * command says it for itself, so none can forget it. Writes and commits wait for the majority, for a bounded time; reads
 * go to the primary and see what the majority has; what failed on the way is sent once more; a server that is no primary
 * any more is never held on to.
 */
#ifndef STORE_ADDRESS_H
#define STORE_ADDRESS_H

#include "store/store.h"

#include <mongoc/mongoc.h>

/* The caller's to destroy; NULL and a sentence in problem when the address cannot be used. What it says and is not
 * followed is logged. */
mongoc_uri_t *address_read(const struct store_options *options, char problem[256]);

#endif
