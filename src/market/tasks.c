#include "market/tasks.h"

#include "base/clock.h"
#include "market/ledger.h"
#include "market/submissions.h"
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

	return DOC(arena, "completion_date", "{", "$gte", BCON_DATE_TIME(today), "$not", "{", "$gt",
		   BCON_DATE_TIME(today), "$lte", BCON_DATE_TIME(now), "}", "}", "expires_at", "{",
		   "$not", "{", "$lte", BCON_DATE_TIME(now), "}", "}");
}

bson_t *task_active_filter(struct arena *arena, int64_t now)
{
	bson_t *filter = DOC(arena, "status", BCON_UTF8("active"));

	bson_concat(filter, task_deadline_ahead(arena, now));
	return filter;
}

bson_t *task_open_filter(struct arena *arena, int64_t now)
{
	bson_t *filter = task_active_filter(arena, now);

	bson_concat(filter, DOC(arena, "required_workers", "{", "$gt", BCON_INT32(0), "}"));
	return filter;
}

bool task_is(const bson_t *task, const char *status)
{
	return doc_text_is(task, "status", status);
}

bool task_is_past(const bson_t *task, int64_t now)
{
	return task_closes_at(doc_date(task, "completion_date", 0)) <= now ||
	       doc_date(task, "expires_at", INT64_MAX) <= now;
}

bool task_takes_work(const bson_t *task, int64_t now)
{
	return task_is(task, "active") && !task_is_past(task, now);
}

/* ---- posting ---- */

static bson_t *task_doc(struct call *call, const struct task_input *input, const struct id *id)
{
	struct arena *arena = call->arena;
	const struct caller *buyer = call->caller;
	int64_t closes = task_closes_at(input->completion_date.value);

	return DOC(arena, "_id", BCON_ID(id), "task_title", BCON_UTF8(input->task_title),
		   "task_detail", BCON_UTF8(input->task_detail), "required_workers",
		   BCON_INT64(input->required_workers.value), "payable_amount",
		   BCON_INT64(input->payable_amount.value), "completion_date",
		   BCON_DATE_TIME(input->completion_date.value), "submission_info",
		   BCON_UTF8(input->submission_info), "task_image_url",
		   BCON_UTF8(input->task_image_url ? input->task_image_url : ""), "category",
		   BCON_UTF8(input->category ? input->category : ""), "buyer_email",
		   BCON_UTF8(buyer->email), "buyer_name", BCON_UTF8(buyer->name), "buyer_id",
		   BCON_ID(&buyer->id), "status", BCON_UTF8("active"), "createdAt",
		   BCON_DATE_TIME(call->now), "updatedAt", BCON_DATE_TIME(call->now), "expires_at",
		   BCON_DATE_TIME(closes), "rev", BCON_INT64(0), "words",
		   BCON_ARRAY(words_of(arena, input->task_title, input->task_detail)));
}

enum err task_create(struct call *call, const struct task_input *input, struct event *event)
{
	struct arena *arena = call->arena;
	struct id id = doc_new_id();
	int64_t cost = input->required_workers.value * input->payable_amount.value;
	enum err err = user_can_pay(call, cost);

	if (err != OK)
		return err;
	event->hot = &call->caller->id;
	event_update_after(event, USERS, user_payer(arena, &call->caller->id, ROLE_BUYER, cost),
			   DOC(arena, "$inc", "{", "coins", BCON_INT64(-cost), "open_tasks",
			       BCON_INT32(1), "}"),
			   ERR_INSUFFICIENT_COINS);
	event_insert(event, TASKS, task_doc(call, input, &id), ERR_INTERNAL);
	ledger_move(call, event,
		    &(struct transfer){
			    .key = arena_printf(arena, "task:%s", id_text(arena, &id)),
			    .from = account_user(arena, &call->caller->id),
			    .to = account_escrow(arena, &id),
			    .coins = cost,
			    .kind = "task",
			    .user = &call->caller->id,
			    .task = &id,
		    },
		    ERR_INTERNAL);
	return OK;
}

/* ---- reading ---- */

enum err task_read(struct call *call, const struct id *id, const bson_t **task)
{
	enum err err = db_find_id(call->db, call->arena, TASKS, id, task);
	bool submitted = false;

	if (err != OK)
		return err;
	if (!*task)
		return ERR_NOT_FOUND;
	if (!task_is(*task, "cancelled") || call_is_admin(call))
		return OK;
	if (call->caller->known)
		err = submission_exists(call, id, &submitted);
	return err != OK ? err : submitted ? OK : ERR_NOT_FOUND;
}

enum err task_read_own(struct call *call, const struct id *id, const bson_t **task)
{
	enum err err = db_find_id(call->db, call->arena, TASKS, id, task);

	if (err != OK)
		return err;
	if (!*task || task_is(*task, "cancelled"))
		return ERR_NOT_FOUND;
	return call_owns(call, *task, "buyer_id") ? OK : ERR_NOT_OWNER;
}

/* ---- editing ---- */

static enum err refuse_date(struct call *call, const char *sentence)
{
	call->detail->field = "completion_date";
	call->detail->sentence = sentence;
	return ERR_INVALID_INPUT;
}

/* The stored date again is no change: old callers send the whole task back. A whole day ends after all its
 * hours. */
static enum err date_check(struct call *call, const bson_t *task, const struct number *date)
{
	int64_t stored = doc_date(task, "completion_date", 0);

	if (!date->given || date->value == stored)
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
	bson_t *set = DOC(arena, "updatedAt", BCON_DATE_TIME(call->now));

	set_text(set, "task_title", input->task_title);
	set_text(set, "task_detail", input->task_detail);
	set_text(set, "submission_info", input->submission_info);
	set_text(set, "task_image_url", input->task_image_url);
	set_text(set, "category", input->category);
	if (input->task_title || input->task_detail)
		BSON_APPEND_ARRAY(set, "words",
				  words_of(arena,
					   input->task_title ? input->task_title :
							       doc_text(task, "task_title"),
					   input->task_detail ? input->task_detail :
								doc_text(task, "task_detail")));
	if (input->completion_date.given &&
	    input->completion_date.value != doc_date(task, "completion_date", 0)) {
		BSON_APPEND_DATE_TIME(set, "completion_date", input->completion_date.value);
		BSON_APPEND_DATE_TIME(set, "expires_at",
				      task_closes_at(input->completion_date.value));
	}
	return set;
}

enum err task_edit(struct call *call, const bson_t *task, const struct task_input *input,
		   bool unchanged, struct event *event)
{
	struct arena *arena = call->arena;
	struct id id = doc_own_id(task);
	enum err err = date_check(call, task, &input->completion_date);
	bson_t *filter =
		DOC(arena, "_id", BCON_ID(&id), "status", "{", "$ne", BCON_UTF8("cancelled"), "}");

	if (err != OK)
		return err;
	if (unchanged)
		doc_unchanged(filter, task, "rev");
	/* words are made of the texts as they were read, the deadline was compared with it */
	doc_unchanged(filter, task, "completion_date");
	doc_unchanged(filter, task, "task_title");
	doc_unchanged(filter, task, "task_detail");
	event_update_after(event, TASKS, filter,
			   DOC(arena, "$set", BCON_DOCUMENT(edit_doc(call, task, input)), "$inc",
			       "{", "rev", BCON_INT64(1), "}"),
			   ERR_CONFLICT);
	return OK;
}
