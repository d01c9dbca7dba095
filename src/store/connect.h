/* Opens MongoDB for a process, ends what dead processes left open there, and makes a new server a replica set. */
#ifndef STORE_CONNECT_H
#define STORE_CONNECT_H

#include "store/store.h"

struct store_options {
	const char *uri; /* names the database */
	int threads; /* how many connections may be open at once */
	int answer_ms; /* how long one answer of the server may take */
	const char *run_dir; /* see presence.h; NULL: this process takes no part in that */
};

/* NULL and a sentence in problem when the address cannot be used. Does not connect yet. */
struct store *store_open(const struct store_options *options, char problem[256]);
void store_close(struct store *store);

/* Has the server end the transactions that dead processes of this host left open, which unlocks their records. */
void db_end_left(struct db *db);

/*
 * Asks the server at an address ("127.0.0.1:27017") whether it takes writes: OK when it does. One that is in no replica
 * set yet becomes the only member of a new one with this name. ERR_UNAVAILABLE, with a sentence in problem, also while
 * that is under way: ask again. ERR_INVALID_INPUT: it is no address.
 */
enum err replica_set_begin(const char *name, const char *address, char problem[256]);

#endif
