/*
 * Tasks: posting, editing, slots, cancelling, completing, and who may see them (contract section 4).
 *
 * required_workers counts the slots still open. A task's escrow is (required_workers + its pending submissions) ×
 * payable_amount. Pending submissions are counted where they are stored; a counter in the task would be a document that
 * all reviews of a popular task write.
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

/* From when on a task with this completion_date takes no more work: that moment; or, if it is exactly midnight UTC, the
 * end of the day that begins then. */
int64_t task_closes_at(int64_t completion_date);

/* Filter members of a task that takes work at this moment: active, a slot open, deadline ahead. Records of an older
 * server lack expires_at, so the deadline is read from completion_date too. */
bson_t *task_open_filter(struct arena *arena, int64_t now);

/* Filter members: the deadline is ahead. */
bson_t *task_deadline_ahead(struct arena *arena, int64_t now);
/* Filter members of a task that is active and whose deadline is ahead, slots or not. */
bson_t *task_active_filter(struct arena *arena, int64_t now);

/* The same about a record that was read: is the deadline past? Is it active, and the deadline ahead? */
bool task_is_past(const bson_t *task, int64_t now);
bool task_takes_work(const bson_t *task, int64_t now);

/* POST /tasks. ERR_INSUFFICIENT_COINS with required and available. Found: USERS (after); inserted: TASKS. */
enum err task_create(struct call *call, const struct task_input *input, struct txn *txn);

/* Has the caller handed in work for the task? */
enum err task_has_work(struct call *call, const struct id *task, bool *has);

/* The record, if this caller may see it: a cancelled task only admins and workers who submitted. ERR_NOT_FOUND. */
enum err task_read(struct call *call, const struct id *id, const bson_t **task);
/* The record of a task that is not cancelled: ERR_NOT_FOUND. For its owner to change: ERR_NOT_OWNER. */
enum err task_read_live(struct call *call, const struct id *id, const bson_t **task);
enum err task_read_own(struct call *call, const struct id *id, const bson_t **task);

/* PUT /tasks/:id for a task from task_read_own(). unchanged: only if nobody has changed it since. Found: TASKS. */
enum err task_edit(struct call *call, const bson_t *task, const struct task_input *input,
		   bool unchanged, struct txn *txn);

/* POST /tasks/:id/slots: buys open slots, or gives them back (delta below 0), to be followed by task_settle().
 * Found: TASKS, USERS. */
enum err task_slots(struct call *call, const struct id *id, int64_t delta, struct txn *txn);

void task_slots_plan(struct call *call, const bson_t *task, int64_t delta, struct txn *txn);

/* DELETE by the task's owner: refunds the open slots; pending submissions keep their escrow until they are reviewed.
 * ERR_NOT_OWNER; ERR_NOT_FOUND, also for a cancelled task. Found: TASKS as it was before; task_refund() of that is what
 * was refunded. */
enum err task_cancel(struct call *call, const struct id *id, struct txn *txn);
/* The same by an admin or the service, for anybody's task. tell: its buyer gets a notification. */
enum err task_take_down(struct call *call, const struct id *id, bool tell, struct txn *txn);
/* The steps of both. */
void task_cancel_plan(struct call *call, const bson_t *task, bool tell, struct txn *txn);
int64_t task_refund(const bson_t *before);

/* Refunds the open slots of a task past its deadline. To be followed by task_settle(). ERR_CONFLICT when nothing is to
 * be done. */
enum err task_expire(struct call *call, const bson_t *task, struct txn *txn);

/* Completes a task that has no open slot and nothing pending. ERR_CONFLICT for any other. */
enum err task_complete(struct db *db, struct arena *arena, const struct id *task);
/* The same after slots or pending work have become fewer. What fails is left to the sweep. */
void task_settle(struct db *db, struct arena *arena, const struct id *task);

#endif
