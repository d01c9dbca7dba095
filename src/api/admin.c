#include "api/api.h"

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
static const struct schema user_list_schema =
	SCHEMA_OF("UserQuery", struct user_query, user_list_fields, .base = &page_schema);

static const struct view_row user_list_rows[] = { MEMBER("users", LIST, .of = &user_view) };
static const struct view user_list_view = VIEW_OF("UserPage", user_list_rows);

static enum err admin_users(struct request *rq)
{
	struct list list;

	user_list(call_of(rq), rq->query_input, &list);
	return respond_page(rq, &list);
}

/* ---- roles ---- */

struct role_input {
	const char *role;
};

static const struct field role_fields[] = {
	FIELD("role", CHOICE, role_input, role, .flags = FIELD_REQUIRED, .choices = role_names,
	      .help = "The new role", .example = "\"buyer\""),
};
static const struct schema role_schema = SCHEMA_OF("RoleInput", struct role_input, role_fields);

static const struct view_row changed_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("user", OBJECT, .of = &user_view),
};
static const struct view changed_view = VIEW_OF("MessageAndUser", changed_rows);

static enum err role_plan(struct request *rq, struct txn *txn)
{
	const struct role_input *input = rq->body_input;

	return user_set_role(call_of(rq), &rq->ids[0], role_of(input->role), txn);
}

static enum err admin_set_role(struct request *rq)
{
	return carry_out_shown(rq, role_plan, "The role is changed.", USERS);
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

static enum err adjust_plan(struct request *rq, struct txn *txn)
{
	return user_adjust(call_of(rq), &rq->ids[0], rq->body_input, txn);
}

static enum err admin_adjust(struct request *rq)
{
	return carry_out_shown(rq, adjust_plan, "The balance is corrected.", USERS);
}

/* ---- removal ---- */

static enum err remove_plan(struct request *rq, struct txn *txn)
{
	return removal_start(call_of(rq), &rq->ids[0], txn);
}

static enum err admin_remove_user(struct request *rq)
{
	enum err err = carry_out_told(
		rq, remove_plan, "The user is out, and what they leave behind is cleared away.");

	/* Answered before: however far that comes within the call, the user is out. The sweep does the rest. */
	if (err == OK)
		(void)removal_go_on(call_of(rq)->db, &rq->ids[0], REMOVAL_ANSWER_MS);
	return err;
}

/* ---- tasks ---- */

struct task_filter {
	struct page_query page;
	const char *status;
};

static const struct field all_tasks_fields[] = {
	FIELD("status", CHOICE, task_filter, status, .choices = task_statuses,
	      .help = "Only tasks of this status; without it all but cancelled ones"),
};
static const struct schema all_tasks_schema =
	SCHEMA_OF("AdminTaskQuery", struct task_filter, all_tasks_fields, .base = &page_schema);

static enum err admin_tasks(struct request *rq)
{
	const struct task_filter *query = rq->query_input;
	struct call *call = call_of(rq);
	struct list list;

	task_list_all(call, query->status, &list);
	return tasks_counted(rq, call, &list);
}

static enum err take_down_plan(struct request *rq, struct txn *txn)
{
	return task_take_down(call_of(rq), &rq->ids[0], true, txn);
}

static enum err admin_take_down_task(struct request *rq)
{
	return carry_out(rq, take_down_plan, tasks_cancelled);
}

static const struct route rows[] = {
	{ GET, "/admin/users", ACCESS_ADMIN, .query = &user_list_schema, .flags = LISTS,
	  .handler = admin_users, .view = &user_list_view,
	  .summary = "Users, newest first, by role or by a part of name or e-mail" },
	{ PUT, "/admin/users/:id/role", ACCESS_ADMIN, .body = &role_schema,
	  .handler = admin_set_role, .view = &changed_view, .summary = "Change a user's role",
	  .about =
		  "Not while the user has open tasks, pending submissions or withdrawals; nor that of the "
		  "last admin.",
	  .errors = ERRORS(ERR_CONFLICT) },
	{ POST, "/admin/users/:id/adjust", ACCESS_ADMIN, .body = &adjust_schema,
	  .flags = IDEMPOTENT, .handler = admin_adjust, .view = &changed_view,
	  .errors = ERRORS(ERR_INSUFFICIENT_COINS, ERR_CONFLICT),
	  .summary = "Correct a user's balance, with a reason in the journal",
	  .about = "Coins that are given pay what the user owes first. The user is told." },
	{ DELETE, "/admin/users/:id", ACCESS_ADMIN, .flags = IDEMPOTENT,
	  .handler = admin_remove_user, .view = &message_view,
	  .summary = "Put a user out, and clear away what they leave behind",
	  .about =
		  "At once; the clearing away goes on behind it. Not oneself, and not the last admin.",
	  .errors = ERRORS(ERR_CONFLICT) },
	{ GET, "/admin/tasks", ACCESS_ADMIN, .query = &all_tasks_schema, .flags = LISTS,
	  .handler = admin_tasks, .view = &counted_task_list_view,
	  .summary = "Everybody's tasks with the numbers of their submissions" },
	{ DELETE, "/admin/tasks/:id", ACCESS_ADMIN, .flags = IDEMPOTENT,
	  .handler = admin_take_down_task, .view = &refund_view,
	  .summary = "Cancel anyone's task; the buyer gets the open slots back and is told",
	  .errors = ERRORS(ERR_CONFLICT) },
	TOP_WORKERS("/admin/top-workers", ACCESS_ANY),
};
const struct routes admin_routes = ROUTES_OF(rows);
