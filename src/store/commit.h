/* Tries of transactions, for the files of this folder that decide about more of them. */
#ifndef STORE_COMMIT_H
#define STORE_COMMIT_H

#include "store/steps.h"

/* Is it a single step? That needs no transaction of MongoDB: one document changes all at once by itself. */
bool commit_is_one_step(const struct txn *txn);

/* One try, as a transaction of MongoDB. */
enum outcome commit_try(struct run *run);

/* Tries until it is decided, with growing pauses after conflicts. AGAIN: it still is not after so many tries. BROKEN
 * with ERR_UNAVAILABLE also when the deadline has passed. */
enum outcome commit_tries(struct run *run, unsigned most);

#endif
