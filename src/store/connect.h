/* Opening MongoDB for a process, and what is left to clear up of processes before it. */
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

#endif
