/*
 * Removing a user (contract section 9): all access ends at once; a job that any process can go on with does the rest.
 *
 * The user document is the job: `closing` in it, set by one transaction, ends every token and every new task,
 * submission and withdrawal of the user. The job then cancels their open tasks, rejects pending work and withdrawals,
 * goes by the table of collections (store/collections.h) to take their data out of the records that are kept and remove
 * what is theirs alone, and last removes the document itself, in one transaction that forfeits the balance and is
 * guarded by nothing being open any more.
 *
 * All of that is done by small transactions, guarded like any other, and by changes that may be repeated. So the job
 * may be killed anywhere, and several processes may work on the same user. The journal names the admin who ordered the
 * removal, whoever does the work.
 */
#ifndef MARKET_REMOVAL_H
#define MARKET_REMOVAL_H

#include "market/market.h"

/* How long a call that orders a removal works on it before it answers. */
#define REMOVAL_ANSWER_MS 8000

/*
 * DELETE /admin/users/:id by an admin: puts the user out. Afterwards, and also when the user was out already, the call
 * goes on with removal_go_on() for up to REMOVAL_ANSWER_MS, and answers the same whatever that returns. ERR_NOT_FOUND;
 * ERR_CONFLICT for oneself and for the last admin.
 */
enum err removal_start(struct call *call, const struct id *user, struct txn *txn);

/*
 * Goes on with the removal of a user. OK: the user is gone. ERR_IN_PROGRESS: not all was done within max_ms;
 * ERR_CONFLICT when something of theirs is in the way; ERR_NOT_FOUND when nobody ordered it.
 */
enum err removal_go_on(struct db *db, const struct id *user, int64_t max_ms);

/*
 * Calls of the user that were under way during the removal may have left something behind, such as a pending payment.
 * So some time after a removal that is looked for again. removal_look_due() is the filter of META that finds whose turn
 * it is, removal_look_again() does it for one user.
 */
bson_t *removal_look_due(struct arena *arena, int64_t now);
enum err removal_look_again(struct db *db, const struct id *user, int64_t max_ms);

#endif
