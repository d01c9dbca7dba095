/* Slots bought and given back, and the ways a task ends: what moves coins between a buyer and a task's escrow. */
#include "market/tasks.h"

#include "base/clock.h"
#include "market/full_tasks.h"
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/status.h"
#include "market/users.h"
#include "store/doc.h"

#include <string.h>

/* ---- slots ---- */

/* What a decision about a task's slots has to know. */
struct ending {
	struct call *call;
	struct id task, buyer;
	int64_t delta, price;
	const char *notice; /* told to the buyer when slots were refunded; may be NULL */
	const char *kind;
};

static struct ending *ending_of(struct call *call, const bson_t *task, const char *kind)
{
	struct ending *ending = arena_alloc(call->arena, sizeof *ending);

	*ending = (struct ending){
		.call = call,
		.task = doc_own_id(task),
		.price = doc_whole(task, "payable_amount", 0),
		.kind = kind,
	};
	doc_id(task, "buyer_id", &ending->buyer);
	return ending;
}

/* Coins between a buyer and a task's escrow: above 0 into it. The task's rev makes the key: each change of the
 * task is one movement. */
static void escrow_move(const struct ending *ending, struct txn *txn, int64_t coins,
			const bson_t *guard, enum err on_miss)
{
	struct arena *arena = txn->arena;
	struct account buyer = account_user(&ending->buyer), escrow = account_escrow(&ending->task);
	int64_t rev = doc_whole(txn_found(txn, TASKS), "rev", 0);

	ledger_move(ending->call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "%s:%s:%lld", ending->kind,
						id_text(arena, &ending->task), (long long)rev),
			    .from = coins > 0 ? buyer : escrow,
			    .to = coins > 0 ? escrow : buyer,
			    .coins = coins > 0 ? coins : -coins,
			    .kind = ending->kind,
			    .guard = guard,
			    .on_miss = on_miss,
			    .taken = ERR_CONFLICT,
		    });
}

static enum err slots_decide(void *context, struct txn *txn)
{
	const struct ending *ending = context;
	int64_t coins = ending->delta * ending->price;

	escrow_move(ending, txn, coins, users_active(txn->arena, ROLE_NONE),
		    coins > 0 ? ERR_INSUFFICIENT_COINS : ERR_CONFLICT);
	return OK;
}

static enum err slots_check(struct call *call, const bson_t *task, int64_t delta)
{
	int64_t result, open = doc_whole(task, "required_workers", 0);
	int64_t price = doc_whole(task, "payable_amount", 0);

	if (!task_takes_work(task, call->now))
		return ERR_CONFLICT;
	if (__builtin_add_overflow(open, delta, &result) || result < 0 || result > TASK_SLOTS_MAX) {
		call->detail->field = "delta";
		call->detail->sentence = arena_printf(
			call->arena, "A task has 0 to %d open slots; this one has %lld now.",
			TASK_SLOTS_MAX, (long long)open);
		return ERR_INVALID_INPUT;
	}
	return delta > 0 ? user_can_pay(call, delta * price) : OK;
}

void task_slots_plan(struct call *call, const bson_t *task, int64_t delta, struct txn *txn)
{
	struct arena *arena = call->arena;
	struct ending *ending = ending_of(call, task, "slots");
	bson_t *filter = DOC(arena, ID("_id", &ending->task));

	ending->delta = delta;
	bson_concat(filter, task_active_filter(arena, call->now));
	bson_concat(filter, DOC(arena, SUB("required_workers", WHOLE("$gte", -delta),
					   WHOLE("$lte", TASK_SLOTS_MAX - delta))));

	txn_update_after(txn, TASKS, filter,
			 DOC(arena, SUB("$inc", WHOLE("required_workers", delta), WHOLE("rev", 1)),
			     SUB("$set", DATE("updatedAt", call->now)), SLOTS_ARE_ADDED),
			 ERR_CONFLICT);
	txn_then(txn, slots_decide, ending);
}

enum err task_slots(struct call *call, const struct id *id, int64_t delta, struct txn *txn)
{
	const bson_t *task;
	enum err err = task_read_own(call, id, &task);

	if (err == OK)
		err = slots_check(call, task, delta);
	if (err == OK)
		task_slots_plan(call, task, delta, txn);
	return err;
}

/* ---- ending ---- */

int64_t task_refund(const bson_t *before)
{
	int64_t open = doc_whole(before, "required_workers", 0);

	return open > 0 ? open * doc_whole(before, "payable_amount", 0) : 0;
}

/* Gives back what the open slots were worth, counts an ended task off its buyer, and tells them. */
static enum err end_decide(void *context, struct txn *txn)
{
	const struct ending *ending = context;
	struct arena *arena = txn->arena;
	const bson_t *before = txn_found(txn, TASKS);
	int64_t coins = task_refund(before);

	if (!strcmp(ending->kind, "cancel") && status_is(before, STATUS_ACTIVE))
		txn_update(txn, USERS, DOC(arena, ID("_id", &ending->buyer)),
			   DOC(arena, SUB("$inc", INT("open_tasks", -1))), ERR_CONFLICT);
	if (coins)
		escrow_move(ending, txn, -coins, NULL, ERR_CONFLICT);
	if (ending->notice)
		notify(ending->call, txn,
		       &(struct notification){
			       .user = &ending->buyer,
			       .email = doc_text(before, "buyer_email"),
			       .kind = NOTIFICATION_TASK,
			       .page = PAGE_BUYER_TASKS,
			       .message = arena_printf(arena, ending->notice,
						       doc_text(before, "task_title"),
						       (long long)coins),
		       });
	return OK;
}

void task_cancel_plan(struct call *call, const bson_t *task, bool tell, struct txn *txn)
{
	struct arena *arena = call->arena;
	struct ending *ending = ending_of(call, task, "cancel");

	if (tell)
		ending->notice =
			"Your task \"%s\" was removed by an admin. %lld coins for its open slots were refunded.";
	txn_update_before(txn, TASKS, DOC(arena, ID("_id", &ending->task), STATUS_NOT(CANCELLED)),
			  DOC(arena,
			      SUB("$set", STATUS(CANCELLED), WHOLE("required_workers", 0),
				  DATE("updatedAt", call->now)),
			      SUB("$inc", WHOLE("rev", 1))),
			  ERR_NOT_FOUND);
	txn_then(txn, end_decide, ending);
}

enum err task_cancel(struct call *call, const struct id *id, struct txn *txn)
{
	const bson_t *task;
	enum err err = task_read_own(call, id, &task);

	if (err == OK)
		task_cancel_plan(call, task, false, txn);
	return err;
}

/* Ended tasks outlive a buyer who was removed. */
static enum err buyer_is_there(struct call *call, const bson_t *task, bool *there)
{
	const bson_t *buyer = NULL;
	struct id id;
	enum err err = doc_id(task, "buyer_id", &id) ?
			       db_find_one(call->db, call->arena, USERS,
					   user_active(call->arena, &id, ROLE_NONE), NULL, &buyer) :
			       OK;

	*there = buyer != NULL;
	return err;
}

enum err task_take_down(struct call *call, const struct id *id, bool tell, struct txn *txn)
{
	const bson_t *task;
	enum err err = task_read_live(call, id, &task);

	if (err == OK && tell)
		err = buyer_is_there(call, task, &tell);
	if (err == OK)
		task_cancel_plan(call, task, tell, txn);
	return err;
}

enum err task_expire(struct call *call, const bson_t *task, struct txn *txn)
{
	struct arena *arena = call->arena;
	struct ending *ending = ending_of(call, task, "expire");
	bson_t *filter =
		DOC(arena, ID("_id", &ending->task), STATUS(ACTIVE),
		    SUB("required_workers", INT("$gt", 0)),
		    LIST("$nor",
			 ITEM(LIST("$and", BCON_DOCUMENT(task_deadline_ahead(arena, call->now))))));

	ending->notice =
		"The deadline of your task \"%s\" has passed. %lld coins for its open slots were refunded.";
	txn_update_before(
		txn, TASKS, filter,
		DOC(arena, SUB("$set", WHOLE("required_workers", 0), DATE("updatedAt", call->now)),
		    SUB("$inc", WHOLE("rev", 1))),
		ERR_CONFLICT);
	txn_then(txn, end_decide, ending);
	return OK;
}

static enum err count_pending(struct db *db, struct arena *arena, const struct id *task,
			      bool *pending)
{
	const bson_t *found;
	enum err err = db_find_one(db, arena, SUBMISSIONS,
				   DOC(arena, ID("task_id", task), STATUS(PENDING)),
				   DOC(arena, INT("task_id", 1), INT("_id", 0)), &found);

	*pending = found != NULL;
	return err;
}

static void complete_steps(struct txn *txn, const bson_t *task)
{
	struct arena *arena = txn->arena;
	struct id id = doc_own_id(task), buyer;
	bson_t *filter =
		DOC(arena, ID("_id", &id), STATUS(ACTIVE), SUB("required_workers", INT("$lte", 0)));

	doc_unchanged(filter, task, "rev");
	txn_update(txn, TASKS, filter,
		   DOC(arena, SUB("$set", STATUS(COMPLETED), DATE("updatedAt", clock_now())),
		       SUB("$inc", WHOLE("rev", 1))),
		   ERR_CONFLICT);
	if (doc_id(task, "buyer_id", &buyer))
		txn_update(txn, USERS, DOC(arena, ID("_id", &buyer)),
			   DOC(arena, SUB("$inc", INT("open_tasks", -1))), ERR_CONFLICT);
}

/*
 * The task is read before its work is counted, and every change of its slots bumps rev: if rev still stands, no
 * slot was taken in between.
 */
enum err task_complete(struct db *db, struct arena *arena, const struct id *id)
{
	const bson_t *task;
	struct txn txn;
	bool pending = false;
	enum err err = db_find_id(db, arena, TASKS, id, &task);

	if (err != OK || !task || !status_is(task, STATUS_ACTIVE) ||
	    doc_whole(task, "required_workers", 1) > 0)
		return err != OK ? err : ERR_CONFLICT;
	err = count_pending(db, arena, id, &pending);
	if (err != OK || pending)
		return err != OK ? err : ERR_CONFLICT;
	txn_start(&txn, arena);
	complete_steps(&txn, task);
	return txn_commit(db, &txn);
}

void task_settle(struct db *db, struct arena *arena, const struct id *id)
{
	task_complete(db, arena, id);
}
