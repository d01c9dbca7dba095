/* The desk: threads with a connection to MongoDB each, which do what would hold up the loop. */
#ifndef STREAMS_DESK_H
#define STREAMS_DESK_H

#include "store/store.h"
#include "streams/mail.h"

#include <stdbool.h>
#include <stdint.h>

struct desk;

/* What a thread works with. The arena is reset after each errand. */
struct place {
	struct desk *desk;
	struct db *db;
	struct arena *arena;
};

/* The first member of what is to be done: work in a thread of the desk, then the letter is posted to the loop. */
struct errand {
	struct letter letter;
	void (*work)(struct errand *errand, struct place *place);
	int64_t until; /* steady milliseconds: how long it is worth while */
	bool late; /* its turn came after that: nothing was done */
};

/* NULL with a logged reason. Results go to the mailbox. */
struct desk *desk_open(struct store *store, int threads, struct mailbox *mailbox);
/* Waits for what runs, discards what does not run yet. NULL is fine. */
void desk_close(struct desk *desk);

void desk_send(struct desk *desk, struct errand *errand);

/* For work that found the database away: waits a moment and says whether to try again, which is so until the
 * errand's time is over or the desk closes. */
bool desk_wait(struct desk *desk, const struct errand *errand);

#endif
