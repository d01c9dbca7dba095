/*
 * Tasks: posting, editing, slots, cancelling, completing; who sees which.
 *
 * required_workers counts the slots still open. A task's escrow is (required_workers + its pending submissions) ×
 * payable_amount. Its pending work is counted from the submissions, never on the task, so that reviewing a
 * popular task does not write one hot document.
 */
#ifndef MARKET_TASKS_H
#define MARKET_TASKS_H

#include "base/optional.h"
#include "market/market.h"

#define TASK_SLOTS_MAX 10000
#define TASK_PRICE_MAX 1000000

struct task_input {
	const char *task_title, *task_detail, *submission_info, *task_image_url, *category;
	struct number required_workers, payable_amount;
	struct number completion_date;
};

/* When a task with this completion_date takes no more work: that moment, or the end of that day when it is exactly
 * midnight UTC. */
int64_t task_closes_at(int64_t completion_date);

/* Filter members of a task that takes work at this moment: active, a slot open, deadline ahead. Records of an older
 * server lack expires_at, so the deadline is read from completion_date too. */
bson_t *task_open_filter(struct arena *arena, int64_t now);

/* Filter members: the deadline is ahead. */
bson_t *task_deadline_ahead(struct arena *arena, int64_t now);
/* Filter members of a task that is active and whose deadline is ahead, slots or not. */
bson_t *task_active_filter(struct arena *arena, int64_t now);

/* The same, asked of a record: has its deadline passed; is it active and not past? */
bool task_is_past(const bson_t *task, int64_t now);
bool task_takes_work(const bson_t *task, int64_t now);

/* POST /tasks. ERR_INSUFFICIENT_COINS with required and available. Found: USERS (after); inserted: TASKS. */
enum err task_create(struct call *call, const struct task_input *input, struct txn *txn);

/* Has the caller handed in work for the task? */
enum err task_has_work(struct call *call, const struct id *task, bool *has);

/* The record as this caller may see it: cancelled ones only admins and workers who submitted. ERR_NOT_FOUND. */
enum err task_read(struct call *call, const struct id *id, const bson_t **task);
/* The same for its owner, to change it: ERR_NOT_FOUND (also when cancelled), ERR_NOT_OWNER. */
enum err task_read_own(struct call *call, const struct id *id, const bson_t **task);

/* PUT /tasks/:id: task is what task_read_own() gave. With unchanged, only if no one changed it since. Found: TASKS. */
enum err task_edit(struct call *call, const bson_t *task, const struct task_input *input,
		   bool unchanged, struct txn *txn);

/* POST /tasks/:id/slots: buys or gives back open slots; afterwards task_settle(). Found: TASKS, USERS. */
enum err task_slots(struct call *call, const struct id *id, int64_t delta, struct txn *txn);

/* Its steps alone, for a task as it was read. */
void task_slots_plan(struct call *call, const bson_t *task, int64_t delta, struct txn *txn);

/* DELETE by the task's owner (ERR_NOT_OWNER for others): refunds open slots; what is pending keeps its escrow until
 * reviewed. ERR_NOT_FOUND, also when it was cancelled before. Found: TASKS as it was before; task_refund() says what
 * its slots were worth. */
enum err task_cancel(struct call *call, const struct id *id, struct txn *txn);
/* The same by an admin or the service, for anyone's task; with tell its buyer gets to know. */
enum err task_take_down(struct call *call, const struct id *id, bool tell, struct txn *txn);
/* The steps of both alone. */
void task_cancel_plan(struct call *call, const bson_t *task, bool tell, struct txn *txn);
int64_t task_refund(const bson_t *before);

/* The deadline has passed: refunds the open slots; afterwards task_settle(). ERR_CONFLICT when there is nothing to
 * do. */
enum err task_expire(struct call *call, const bson_t *task, struct txn *txn);

/* A task with no open slot and nothing pending becomes completed. ERR_CONFLICT when it is not such a one. */
enum err task_complete(struct db *db, struct arena *arena, const struct id *task);
/* The same once slots or work have gone: what it cannot do now, the sweep does. */
void task_settle(struct db *db, struct arena *arena, const struct id *task);

#endif
