/* The answers kept for idempotency keys: whose personal data they show, and taking a person out of them. */
#ifndef STORE_CLAIM_PEOPLE_H
#define STORE_CLAIM_PEOPLE_H

#include "store/txn.h"

/* The ids of those whose data the transaction's records show, as an array document. It stands beside the answer, so
 * that it is found when one of them is removed. */
bson_t *claim_people(const struct txn *txn);

/*
 * The change after which a kept answer shows of a removed person no more than the records do. Its filter finds nothing
 * where the answer has changed since it was read, as when two people are removed at once.
 */
struct db_update claim_forget(struct arena *arena, const bson_t *kept, const struct id *id);

#endif
