/* What the files of a removal share: its state, and the work on the user's records. */
#ifndef MARKET_REMOVAL_PRIVATE_H
#define MARKET_REMOVAL_PRIVATE_H

#include "market/market.h"

/* A removal at work. */
struct removal {
	/* of the admin who ordered it; its arena is emptied after each batch of records */
	struct call call;
	struct caller admin;
	struct err_detail detail;
	struct arena *arena; /* lives as long as this does */
	struct id user;
	int64_t until; /* steady milliseconds; when it has come, work ends with ERR_IN_PROGRESS */
};

/* The last transaction: removes the document if it is as it was read, and forfeits its coins by a row with this key. */
void removal_end_plan(struct call *call, const bson_t *user, const char *key, int64_t coins,
		      struct txn *txn);

/* Ends what the user has open. ERR_CONFLICT when something stays open that cannot be ended. */
enum err removal_end_business(struct removal *removal);

/* Takes the user's data out of records and answers that are kept, and removes the records that are the user's alone.
 * ERR_CONFLICT when others change an answer at the same moment. */
enum err removal_tidy(struct removal *removal);

#endif
