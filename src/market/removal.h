/*
 * Removing a user (contract section 9): out at once, and cleared away by a job that anyone may go on with.
 *
 * The user document is the job: `closing` in it, set by one transaction, ends every token and every new task,
 * submission and withdrawal of the user. The job then cancels their open tasks, rejects pending work and withdrawals,
 * turns their name and e-mail in records that are kept into DELETED_NAME and DELETED_EMAIL, removes what is theirs
 * alone, and last the document itself, in one transaction with the balance that is forfeited, guarded by there being
 * no open business left.
 *
 * All of it are small transactions guarded like any other, and changes that may be repeated, so the job may be killed
 * anywhere, and any number may be at the same user. The journal names the admin who ordered the removal, whoever
 * does it.
 */
#ifndef MARKET_REMOVAL_H
#define MARKET_REMOVAL_H

#include "market/market.h"

#define DELETED_NAME "Deleted user"
#define DELETED_EMAIL "deleted-%s@invalid" /* with the user's id */

/* How long a call that orders a removal works on it before it answers. */
#define REMOVAL_ANSWER_MS 8000

/*
 * DELETE /admin/users/:id by an admin: the user is out. Once that has happened, and for a user who is out already,
 * the job goes on: removal_go_on() for up to REMOVAL_ANSWER_MS, whatever comes of it. ERR_NOT_FOUND; ERR_CONFLICT for
 * oneself and the last admin.
 */
enum err removal_start(struct call *call, const struct id *user, struct txn *txn);

/*
 * Goes on with the removal of a user. OK: the user is gone. ERR_IN_PROGRESS: not all was done within max_ms;
 * ERR_CONFLICT when something of theirs is in the way; ERR_NOT_FOUND when nobody ordered it.
 */
enum err removal_go_on(struct db *db, const struct id *user, int64_t max_ms);

/*
 * Calls that the user had under way when they were put out may have left something behind (a pending payment, a
 * notification), so a while after a removal it is looked once more. The filter finds what is due in META; look again
 * does one of them, by the user's id.
 */
bson_t *removal_look_due(struct arena *arena, int64_t now);
enum err removal_look_again(struct db *db, const struct id *user, int64_t max_ms);

#endif
