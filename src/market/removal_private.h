/* What the files of a removal share: its state, and the work on the user's records. */
#ifndef MARKET_REMOVAL_PRIVATE_H
#define MARKET_REMOVAL_PRIVATE_H

#include "market/market.h"

/* A removal at work. */
struct removal {
	struct call
		call; /* of the admin who ordered it; its arena is emptied after each batch of records */
	struct caller admin;
	struct err_detail detail;
	struct arena *arena; /* lives as long as this does */
	struct id user;
	int64_t until; /* steady milliseconds; when it has come, work ends with ERR_IN_PROGRESS */
};

/* The last transaction: the document goes, as it was read, with the coins that are forfeited by that key. */
void removal_end_plan(struct call *call, const bson_t *user, const char *key, int64_t coins,
		      struct txn *txn);

/* Ends what the user has open, each a transaction of its own. ERR_CONFLICT when something is left that neither this nor
 * others have ended. */
enum err removal_end_business(struct removal *removal);

/* Takes name and e-mail out of records that are kept, and removes those that are the user's alone. */
enum err removal_tidy(struct removal *removal);

/* Takes them out of the answers that are kept for others' idempotency keys: a repeat shows what the records do now. */
enum err removal_forget_answers(struct removal *removal, const char *deleted_email);

#endif
