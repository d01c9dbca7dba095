#include "api/admin.h"

#include "api/api.h"
#include "api/auth.h"
#include "api/tasks.h"
#include "market/adjustments.h"
#include "market/removal.h"
#include "market/status.h"
#include "market/task_lists.h"
#include "market/tasks.h"
#include "market/users.h"

/* ---- users ---- */

static const struct field user_list_fields[] = {
	FIELD("role", CHOICE, user_query, role, .choices = role_names,
	      .help = "Only users of this role"),
	FIELD("q", TEXT, user_query, text, .max = 254,
	      .help = "Only users with this in their name or e-mail, in any case"),
};
const struct schema user_list_schema =
	SCHEMA_OF("UserQuery", struct user_query, user_list_fields, .base = &page_schema);

static const struct view_row user_list_rows[] = { MEMBER("users", LIST, .of = &user_view) };
const struct view user_list_view = VIEW_OF("UserPage", user_list_rows);

enum err admin_users(struct request *rq)
{
	struct list list;

	user_list(call_of(rq), rq->query_input, &list);
	return respond_page(rq, "users", &list, &user_view);
}

/* ---- roles ---- */

struct role_input {
	const char *role;
};

static const struct field role_fields[] = {
	FIELD("role", CHOICE, role_input, role, .flags = FIELD_REQUIRED, .choices = role_names,
	      .help = "The new role", .example = "\"buyer\""),
};
const struct schema role_schema = SCHEMA_OF("RoleInput", struct role_input, role_fields);

static const struct view_row message_user_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("user", OBJECT, .of = &user_view),
};
const struct view message_user_view = VIEW_OF("MessageAndUser", message_user_rows);

enum err admin_set_role(struct request *rq, struct txn *txn)
{
	const struct role_input *input = rq->body_input;

	return user_set_role(call_of(rq), &rq->ids[0], role_of(input->role), txn);
}

void admin_role_set(struct request *rq, const struct txn *txn)
{
	struct json *json = respond(rq, 200);

	json_text(json, "message", "The role is changed.");
	render(json, "user", &user_view, txn_found(txn, USERS), &rq->caller);
}

/* ---- corrections ---- */

static const char *is_not_zero(const void *at)
{
	const struct number *number = at;

	return number->value ? NULL : "coins must not be 0.";
}

static const struct field adjust_fields[] = {
	FIELD("coins", COINS, adjustment, coins, .flags = FIELD_REQUIRED,
	      .min = -ADJUSTMENT_COINS_MAX, .max = ADJUSTMENT_COINS_MAX, .check = is_not_zero,
	      .help = "To give; below 0: to take", .example = "-30"),
	FIELD("reason", TEXT, adjustment, reason, .flags = FIELD_REQUIRED, .min = 1, .max = 500,
	      .help = "Stands in the journal; the user reads it", .example = "\"Paid twice\""),
};
const struct schema adjust_schema = SCHEMA_OF("Adjustment", struct adjustment, adjust_fields);

enum err admin_adjust(struct request *rq, struct txn *txn)
{
	return user_adjust(call_of(rq), &rq->ids[0], rq->body_input, txn);
}

void admin_adjusted(struct request *rq, const struct txn *txn)
{
	struct json *json = respond(rq, 200);

	json_text(json, "message", "The balance is corrected.");
	render(json, "user", &user_view, txn_found(txn, USERS), &rq->caller);
}

/* ---- removal ---- */

enum err admin_remove_user(struct request *rq, struct txn *txn)
{
	return removal_start(call_of(rq), &rq->ids[0], txn);
}

/* What is not done by then, the sweep does. */
void admin_clear_user(struct request *rq, const struct txn *txn)
{
	(void)txn;
	(void)removal_go_on(call_of(rq)->db, &rq->ids[0], REMOVAL_ANSWER_MS);
}

/* Written before the clearing: however far that comes within the call, the user is out. */
void admin_user_removed(struct request *rq, const struct txn *txn)
{
	(void)txn;
	json_text(respond(rq, 200), "message",
		  "The user is out, and what they leave behind is cleared away.");
}

/* ---- tasks ---- */

struct admin_task_query {
	struct page_query page;
	const char *status;
};

static const struct field admin_task_list_fields[] = {
	FIELD("status", CHOICE, admin_task_query, status, .choices = task_statuses,
	      .help = "Only tasks of this status; without it all but cancelled ones"),
};
const struct schema admin_task_list_schema = SCHEMA_OF(
	"AdminTaskQuery", struct admin_task_query, admin_task_list_fields, .base = &page_schema);

enum err admin_tasks(struct request *rq)
{
	const struct admin_task_query *query = rq->query_input;
	struct call *call = call_of(rq);
	struct list list;

	task_list_all(call, query->status, &list);
	return tasks_counted(rq, call, &list);
}

enum err admin_take_down_task(struct request *rq, struct txn *txn)
{
	return task_take_down(call_of(rq), &rq->ids[0], true, txn);
}
