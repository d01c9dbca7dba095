#include "market/submissions.h"

#include "market/full_tasks.h"
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/status.h"
#include "market/tasks.h"
#include "market/users.h"
#include "store/doc.h"
#include "store/mark.h"

/* ---- handing in ---- */

/* Why this task takes no work from this worker; the deadline is told first, a lack of slots last. Whether they handed in
 * before is asked only where something was refused: the slot's key tells as well, at no cost. */
static enum err submit_check(struct call *call, const struct id *id, const bson_t *task)
{
	bool open = status_is(task, STATUS_ACTIVE) && doc_whole(task, "required_workers", 0) > 0;
	bool before = false;
	enum err err = OK;

	if (status_is(task, STATUS_CANCELLED))
		return ERR_NOT_FOUND;
	if (task_is_past(task, call->now))
		return ERR_DEADLINE_PASSED;
	if (!open || call->again)
		err = task_has_work(call, id, &before);
	if (err != OK || before)
		return err != OK ? err : ERR_ALREADY_SUBMITTED;
	return open ? OK : ERR_NO_OPEN_SLOT;
}

static bson_t *submission_doc(struct call *call, const struct submission_input *input,
			      const bson_t *task)
{
	struct arena *arena = call->arena;
	const struct caller *worker = call->caller;
	const struct id *task_id = &input->task_id.id;
	struct id id = doc_new_id(), buyer;
	bson_t *doc = DOC(arena, ID("_id", &id), ID("task_id", task_id),
			  TEXT("task_title", doc_text(task, "task_title")),
			  WHOLE("payable_amount", doc_whole(task, "payable_amount", 0)),
			  ID("worker_id", &worker->id), TEXT("worker_email", worker->email),
			  TEXT("worker_name", worker->name),
			  TEXT("submission_details", input->submission_details),
			  TEXT("buyer_email", doc_text(task, "buyer_email")),
			  TEXT("buyer_name", doc_text(task, "buyer_name")), STATUS(PENDING),
			  DATE("submitted_date", call->now), DATE("createdAt", call->now),
			  DATE("updatedAt", call->now),
			  TEXT("slot_key", arena_printf(arena, "%s:%s", id_text(arena, &worker->id),
							id_text(arena, task_id))));

	if (doc_id(task, "buyer_id", &buyer))
		BSON_APPEND_OID(doc, "buyer_id", doc_oid(&buyer));
	return doc;
}

static void tell_buyer(struct call *call, const bson_t *task, struct txn *txn)
{
	struct id buyer;
	bool known = doc_id(task, "buyer_id", &buyer);

	notify(call, txn,
	       &(struct notification){
		       .user = known ? &buyer : NULL,
		       .email = doc_text(task, "buyer_email"),
		       .kind = NOTIFICATION_SUBMISSION,
		       .page = PAGE_BUYER_REVIEW,
		       .message = arena_printf(call->arena, "New submission for your task \"%s\".",
					       doc_text(task, "task_title")),
	       });
}

void submission_create_plan(struct call *call, const struct submission_input *input,
			    const bson_t *task, struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *slot = DOC(arena, ID("_id", &input->task_id.id));
	bson_concat(slot, task_open_filter(arena, call->now));

	txn_update(txn, TASKS, slot,
		   DOC(arena, SUB("$inc", WHOLE("required_workers", -1), WHOLE("rev", 1))),
		   ERR_NO_OPEN_SLOT);
	txn_insert(txn, SUBMISSIONS, submission_doc(call, input, task), ERR_ALREADY_SUBMITTED);
	txn_update(txn, USERS, user_active(arena, &call->caller->id, ROLE_WORKER),
		   DOC(arena, SUB("$inc", INT("pending_submissions", 1))), ERR_FORBIDDEN);
	tell_buyer(call, task, txn);
}

enum err submission_create(struct call *call, const struct submission_input *input, struct txn *txn)
{
	const struct id *task_id = &input->task_id.id;
	const bson_t *task;
	enum err err = call_read(call, TASKS, task_id, &task);

	if (err == OK)
		err = submit_check(call, task_id, task);
	if (err == OK)
		submission_create_plan(call, input, task, txn);
	return err;
}

/* ---- reading ---- */

enum err submission_read(struct call *call, const struct id *id, const bson_t **submission)
{
	enum err err = call_read(call, SUBMISSIONS, id, submission);

	if (err != OK)
		return err;
	bool may = call_is_admin(call) || call_owns(call, *submission, "worker_id") ||
		   call_owns(call, *submission, "buyer_id");
	return may ? OK : ERR_NOT_OWNER;
}

/* ---- reviewing ---- */

struct work {
	struct id id, task, worker, buyer;
	bool has_buyer; /* an older record may lack one: nobody is there to be refunded */
	bool opens_slot; /* it is rejected, and its slot open again */
	int64_t price;
	const bson_t *doc, *task_doc; /* as they were read; no task: it is gone */
};

/* ERR_CONFLICT for an older record that does not say whose it is. */
static enum err work_of(const bson_t *submission, const bson_t *task, struct work *work)
{
	work->doc = submission;
	work->task_doc = task;
	work->id = doc_own_id(submission);
	work->price = doc_whole(submission, "payable_amount", 0);
	work->has_buyer = doc_id(submission, "buyer_id", &work->buyer);
	bool whole = doc_id(submission, "task_id", &work->task) &&
		     doc_id(submission, "worker_id", &work->worker);
	return whole ? OK : ERR_CONFLICT;
}

/* The guard that makes a review happen once: the record is still pending. */
static void decide(struct call *call, const struct work *work, const struct review *review,
		   struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *set = DOC(
		arena,
		TEXT("status", status_name(review->approve ? STATUS_APPROVED : STATUS_REJECTED)),
		DATE("reviewed_date", call->now), DATE("updatedAt", call->now));

	if (!review->approve && review->reason)
		BSON_APPEND_UTF8(set, "rejection_reason", review->reason);
	if (!review->approve && review->reason_code)
		BSON_APPEND_UTF8(set, "reason_code", review->reason_code);
	txn_update_after(txn, SUBMISSIONS, DOC(arena, ID("_id", &work->id), STATUS(PENDING)),
			 DOC(arena, PART("$set", set)), ERR_ALREADY_PROCESSED);
}

static void tell_worker(struct call *call, const struct work *work, const struct review *review,
			struct txn *txn)
{
	const char *title = doc_text(work->doc, "task_title");
	const char *text =
		review->approve ?
			arena_printf(
				call->arena,
				"Your submission for \"%s\" has been approved. You earned %lld coins.",
				title, (long long)work->price) :
			arena_printf(call->arena, "Your submission for \"%s\" was rejected.%s%s",
				     title, review->reason ? " Reason: " : "",
				     review->reason ? review->reason : "");

	notify(call, txn,
	       &(struct notification){
		       .user = &work->worker,
		       .email = doc_text(work->doc, "worker_email"),
		       .kind = review->approve ? NOTIFICATION_APPROVAL : NOTIFICATION_REJECTION,
		       .page = PAGE_WORKER_SUBMISSIONS,
		       .message = text,
	       });
}

static void work_is_done(const struct work *work, struct txn *txn)
{
	txn_update(txn, USERS, DOC(txn->arena, ID("_id", &work->worker)),
		   DOC(txn->arena, SUB("$inc", INT("pending_submissions", -1))), ERR_CONFLICT);
}

/* The price, out of the task's escrow: to the worker, or back to the buyer. */
static void pay_out(struct call *call, const struct work *work, bool approve, struct txn *txn)
{
	struct arena *arena = call->arena;

	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "%s:%s", approve ? "approve" : "reject",
						id_text(arena, &work->id)),
			    .from = account_escrow(&work->task),
			    .to = account_user(approve ? &work->worker : &work->buyer),
			    .coins = work->price,
			    .kind = approve ? "reward" : "refund",
			    .buyer = approve && work->has_buyer ? &work->buyer : NULL,
			    .on_miss = ERR_CONFLICT,
			    .taken = ERR_ALREADY_PROCESSED,
		    });
}

/* While the task takes work the slot is open again; afterwards its price is the buyer's. */
static enum err reject(struct call *call, struct work *work, struct txn *txn)
{
	struct arena *arena = call->arena;

	work->opens_slot = work->task_doc && task_takes_work(work->task_doc, call->now);
	if (!work->opens_slot) {
		if (work->has_buyer)
			pay_out(call, work, false, txn);
		return work->has_buyer ? OK : ERR_CONFLICT;
	}
	bson_t *filter = DOC(arena, ID("_id", &work->task));
	bson_concat(filter, task_active_filter(arena, call->now));
	txn_update(txn, TASKS, filter,
		   DOC(arena, SUB("$inc", WHOLE("required_workers", 1), WHOLE("rev", 1)),
		       SLOTS_ARE_ADDED),
		   ERR_CONFLICT);
	return OK;
}

enum err submission_review_plan(struct call *call, const bson_t *submission, const bson_t *task,
				const struct review *review, struct txn *txn)
{
	struct work *work = arena_alloc(call->arena, sizeof *work);
	enum err err = work_of(submission, task, work);

	if (err != OK)
		return err;
	if (task && !is_marked(task))
		return ERR_NOT_ADOPTED;
	txn->about = work;
	decide(call, work, review, txn);
	work_is_done(work, txn);
	if (review->approve)
		pay_out(call, work, true, txn);
	else
		err = reject(call, work, txn);
	tell_worker(call, work, review, txn);
	return err;
}

static enum err pending_read(struct call *call, const struct id *id, const bson_t **submission)
{
	enum err err = call_read(call, SUBMISSIONS, id, submission);

	if (err != OK)
		return err;
	if (call->caller->known && !call_is_admin(call) &&
	    !call_owns(call, *submission, "buyer_id"))
		return ERR_NOT_OWNER;
	return status_is(*submission, STATUS_PENDING) ? OK : ERR_ALREADY_PROCESSED;
}

enum err submission_review(struct call *call, const struct id *id, const struct review *review,
			   struct txn *txn)
{
	const bson_t *submission, *task = NULL;
	struct id task_id;
	enum err err = pending_read(call, id, &submission);

	if (err == OK && doc_id(submission, "task_id", &task_id))
		err = db_find_id(call->db, call->arena, TASKS, &task_id, &task);
	return err == OK ? submission_review_plan(call, submission, task, review, txn) : err;
}

/* An ended task stays as it is. The slot that a rejection opened is taken by work whose review comes here, too. */
static bool may_be_complete(const struct work *work)
{
	return work->task_doc && status_is(work->task_doc, STATUS_ACTIVE) && !work->opens_slot;
}

void submission_reviewed(struct call *call, const struct txn *txn)
{
	const struct work *work = txn->about;

	if (may_be_complete(work))
		task_settle(call->db, call->arena, &work->task);
}
