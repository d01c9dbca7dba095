#include "market/tasks.h"

#include "base/clock.h"
#include "market/ledger.h"
#include "market/status.h"
#include "market/users.h"
#include "market/words.h"
#include "store/doc.h"

int64_t task_closes_at(int64_t completion_date)
{
	return completion_date % CLOCK_DAY == 0 ? completion_date + CLOCK_DAY : completion_date;
}

/* Of all midnights only that of today has begun and not ended its day. */
bson_t *task_deadline_ahead(struct arena *arena, int64_t now)
{
	int64_t today = now - now % CLOCK_DAY;

	return DOC(arena,
		   SUB("completion_date", DATE("$gte", today),
		       SUB("$not", DATE("$gt", today), DATE("$lte", now))),
		   SUB("expires_at", SUB("$not", DATE("$lte", now))));
}

bson_t *task_active_filter(struct arena *arena, int64_t now)
{
	bson_t *filter = DOC(arena, STATUS(ACTIVE));

	bson_concat(filter, task_deadline_ahead(arena, now));
	return filter;
}

bson_t *task_open_filter(struct arena *arena, int64_t now)
{
	bson_t *filter = task_active_filter(arena, now);

	bson_concat(filter, DOC(arena, SUB("required_workers", INT("$gt", 0))));
	return filter;
}

bool task_is_past(const bson_t *task, int64_t now)
{
	return task_closes_at(doc_date(task, "completion_date", 0)) <= now ||
	       doc_date(task, "expires_at", INT64_MAX) <= now;
}

bool task_takes_work(const bson_t *task, int64_t now)
{
	return status_is(task, STATUS_ACTIVE) && !task_is_past(task, now);
}

/* ---- posting ---- */

static bson_t *task_doc(struct call *call, const struct task_input *input, const struct id *id)
{
	struct arena *arena = call->arena;
	const struct caller *buyer = call->caller;
	int64_t closes = task_closes_at(input->completion_date.value);
	bson_t *task =
		DOC(arena, ID("_id", id), TEXT("task_title", input->task_title),
		    TEXT("task_detail", input->task_detail),
		    WHOLE("required_workers", input->required_workers.value),
		    WHOLE("payable_amount", input->payable_amount.value),
		    DATE("completion_date", input->completion_date.value),
		    TEXT("submission_info", input->submission_info),
		    TEXT("task_image_url", input->task_image_url ? input->task_image_url : ""),
		    TEXT("category", input->category ? input->category : ""),
		    TEXT("buyer_email", buyer->email), TEXT("buyer_name", buyer->name),
		    ID("buyer_id", &buyer->id), STATUS(ACTIVE), DATE("createdAt", call->now),
		    DATE("updatedAt", call->now), DATE("expires_at", closes), WHOLE("rev", 0));

	words_set(arena, task, input->task_title, input->task_detail);
	return task;
}

enum err task_create(struct call *call, const struct task_input *input, struct txn *txn)
{
	struct arena *arena = call->arena;
	const struct id *buyer = &call->caller->id;
	struct id id = doc_new_id();
	int64_t cost = input->required_workers.value * input->payable_amount.value;
	enum err err = user_can_pay(call, cost);

	if (err != OK)
		return err;
	txn_update(txn, USERS, user_active(arena, buyer, ROLE_BUYER),
		   DOC(arena, SUB("$inc", INT("open_tasks", 1))), ERR_INSUFFICIENT_COINS);
	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "task:%s", id_text(arena, &id)),
			    .from = account_user(buyer),
			    .to = account_escrow(&id),
			    .coins = cost,
			    .kind = "task",
			    .on_miss = ERR_INSUFFICIENT_COINS,
			    .taken = ERR_INTERNAL,
		    });
	txn_insert(txn, TASKS, task_doc(call, input, &id), ERR_INTERNAL);
	return OK;
}

/* ---- reading ---- */

enum err task_has_work(struct call *call, const struct id *task, bool *has)
{
	const bson_t *found;
	enum err err = db_find_one(
		call->db, call->arena, SUBMISSIONS,
		DOC(call->arena, ID("worker_id", &call->caller->id), ID("task_id", task)),
		DOC(call->arena, INT("_id", 1)), &found);

	*has = found != NULL;
	return err;
}

enum err task_read(struct call *call, const struct id *id, const bson_t **task)
{
	enum err err = call_read(call, TASKS, id, task);
	bool submitted = false;

	if (err != OK)
		return err;
	if (!status_is(*task, STATUS_CANCELLED) || call_is_admin(call))
		return OK;
	if (call->caller->known)
		err = task_has_work(call, id, &submitted);
	return err != OK ? err : submitted ? OK : ERR_NOT_FOUND;
}

enum err task_read_live(struct call *call, const struct id *id, const bson_t **task)
{
	enum err err = call_read(call, TASKS, id, task);

	return err == OK && status_is(*task, STATUS_CANCELLED) ? ERR_NOT_FOUND : err;
}

enum err task_read_own(struct call *call, const struct id *id, const bson_t **task)
{
	enum err err = task_read_live(call, id, task);

	return err == OK && !call_owns(call, *task, "buyer_id") ? ERR_NOT_OWNER : err;
}

/* ---- editing ---- */

static enum err refuse_date(struct call *call, const char *sentence)
{
	call->detail->field = "completion_date";
	return call_refuse(call, ERR_INVALID_INPUT, sentence);
}

/* The stored date again is no change: old callers send the whole task back. */
static bool date_is_new(const bson_t *task, const struct number *date)
{
	return date->given && date->value != doc_date(task, "completion_date", 0);
}

/* A whole day ends after all its hours. */
static enum err date_check(struct call *call, const bson_t *task, const struct number *date)
{
	int64_t stored = doc_date(task, "completion_date", 0);

	if (!date_is_new(task, date))
		return OK;
	if (date->value < stored || task_closes_at(date->value) < task_closes_at(stored))
		return refuse_date(call, "completion_date can only be moved to a later moment.");
	if (task_closes_at(date->value) <= call->now)
		return refuse_date(call, "completion_date must be ahead.");
	return OK;
}

static void set_text(bson_t *set, const char *field, const char *text)
{
	if (text)
		BSON_APPEND_UTF8(set, field, text);
}

static bson_t *edit_doc(struct call *call, const bson_t *task, const struct task_input *input)
{
	struct arena *arena = call->arena;
	bson_t *set = DOC(arena, NULL);

	set_text(set, "task_title", input->task_title);
	set_text(set, "task_detail", input->task_detail);
	set_text(set, "submission_info", input->submission_info);
	set_text(set, "task_image_url", input->task_image_url);
	set_text(set, "category", input->category);
	if (date_is_new(task, &input->completion_date)) {
		BSON_APPEND_DATE_TIME(set, "completion_date", input->completion_date.value);
		BSON_APPEND_DATE_TIME(set, "expires_at",
				      task_closes_at(input->completion_date.value));
	}
	return set;
}

/* A change of nothing leaves no trace: whoever read the record before has it still. */
static bson_t *edit_change(struct call *call, const bson_t *task, const struct task_input *input)
{
	struct arena *arena = call->arena;
	struct id id = doc_own_id(task);
	bson_t *set = edit_doc(call, task, input);

	if (doc_is_empty(set))
		return DOC(arena, SUB("$set", ID("_id", &id)));
	BSON_APPEND_DATE_TIME(set, "updatedAt", call->now);
	return DOC(arena, PART("$set", set), SUB("$inc", WHOLE("rev", 1)));
}

/* Found by the texts that it has once both are changed: of two edits at once each may have brought one. */
static enum err words_decide(void *context, struct txn *txn)
{
	struct arena *arena = txn->arena;
	const bson_t *task = txn_found(txn, TASKS);
	struct id id = doc_own_id(task);
	bson_t *set = DOC(arena, NULL);

	(void)context;
	words_set(arena, set, doc_text(task, "task_title"), doc_text(task, "task_detail"));
	txn_update(txn, TASKS, DOC(arena, ID("_id", &id)), DOC(arena, PART("$set", set)),
		   ERR_CONFLICT);
	return OK;
}

/* The rule of date_check(), for the deadline that is stored when the edit happens. Midnight stands for its whole day,
 * so it is later than any hour of it. */
static void date_moves_on(bson_t *filter, const struct number *date)
{
	bson_t rule, later;

	BSON_APPEND_DOCUMENT_BEGIN(filter, "completion_date", &rule);
	BSON_APPEND_DOCUMENT_BEGIN(&rule, "$not", &later);
	BSON_APPEND_DATE_TIME(&later, "$gte", date->value);
	bson_append_document_end(&rule, &later);
	if (date->value % CLOCK_DAY)
		BSON_APPEND_DATE_TIME(&rule, "$ne", date->value - date->value % CLOCK_DAY);
	bson_append_document_end(filter, &rule);
}

/* A date that is no change must still be none when the edit happens. */
static void date_guard(bson_t *filter, const bson_t *task, const struct number *date)
{
	if (date_is_new(task, date))
		date_moves_on(filter, date);
	else if (date->given)
		doc_unchanged(filter, task, "completion_date");
}

enum err task_edit(struct call *call, const bson_t *task, const struct task_input *input,
		   bool unchanged, struct txn *txn)
{
	struct arena *arena = call->arena;
	struct id *id = arena_alloc(arena, sizeof *id);
	enum err err = date_check(call, task, &input->completion_date);

	*id = doc_own_id(task);
	bson_t *filter = DOC(arena, ID("_id", id), STATUS_NOT(CANCELLED));
	if (err != OK)
		return err;
	if (unchanged)
		doc_unchanged(filter, task, "rev");
	date_guard(filter, task, &input->completion_date);
	if (input->task_title || input->task_detail)
		txn_then(txn, words_decide, NULL);
	txn_update_after(txn, TASKS, filter, edit_change(call, task, input), ERR_CONFLICT);
	return OK;
}
