/*
 * MONGODB_URI as the driver is to use it. What is taken from the operator's address is where the servers are and how to
 * log in.
 *
 * Everything that the promises of the service depend on is set here, whatever the address says, and all clients of a
 * pool get it from here, so that no command can forget it: writes and commits wait for the majority, for a bounded
 * time; reads go to the primary and see what the majority has; a command that failed on its way is sent once more; a
 * server that is not the primary any more is not used again.
 */
#ifndef STORE_ADDRESS_H
#define STORE_ADDRESS_H

#include "store/connect.h"

#include <mongoc/mongoc.h>

/* The caller destroys the result; NULL and a sentence in problem when the address cannot be used. Options of the
 * address that are not followed are logged. */
mongoc_uri_t *address_read(const struct store_options *options, char problem[256]);

#endif
