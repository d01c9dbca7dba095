/*
 * Groups of transactions: callers who commit at the same moment, in a transaction of MongoDB that all of them share.
 *
 * What a transaction costs MongoDB hardly depends on how much it changes. So callers of one process whose transactions
 * have the same kinds of steps gather (gather.h): while one group is away, the next forms. Its leader runs all of it in
 * lock step (steps.h), which comes to the same as one transaction after the other (touches.h). So contenders for one
 * document are in one group and do not conflict.
 *
 * A group either commits, or nothing of it has happened. Then whoever keeps it from committing is taken out of it, and
 * the rest goes again; where that is not known, the group is halved. Who was taken out goes alone, in its own thread,
 * and so does who finds nobody to go with. A refusal is told only by a transaction that went alone, so it tells what is
 * true for its caller.
 */
#ifndef STORE_COMMIT_GROUP_H
#define STORE_COMMIT_GROUP_H

#include "store/commit.h"

struct store;

/* May it share a transaction? Not with many steps, nor with one that does not name its document. */
bool commit_may_share(const struct txn *txn);

/* Commits it together with others. False: it has to go alone, and nothing of it has happened. *err is OK, or
 * ERR_UNAVAILABLE; who goes alone later is told what commit_tries() says. */
bool commit_shared(struct db *db, struct txn *txn, int64_t deadline, enum err *err);

#endif
