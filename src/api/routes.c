/* Every call of the service, one row each: what it is, who may call, what it takes, what it answers. */
#include "api/admin.h"
#include "api/api.h"
#include "api/audit.h"
#include "api/auth.h"
#include "api/google.h"
#include "api/health.h"
#include "api/notification_view.h"
#include "api/notifications.h"
#include "api/payments.h"
#include "api/public.h"
#include "api/stats.h"
#include "api/stream.h"
#include "api/stream_query.h"
#include "api/submissions.h"
#include "api/tasks.h"
#include "api/withdrawals.h"
#include "auth/caller.h"
#include "base/count.h"
#include "providers/provider.h"
#include "store/mark.h"
#include "store/setup.h"

const struct route api_routes[] = {
	{ GET, "/health", ACCESS_PUBLIC, .flags = ALWAYS_OPEN, .handler = health,
	  .view = &health_view, .summary = "Is the server up?" },
	{ GET, "/health/ready", ACCESS_PUBLIC, .flags = ALWAYS_OPEN, .handler = health_ready,
	  .view = &ready_view, .summary = "Can it work: is MongoDB there, is the data adopted?" },

	/* accounts */
	{ POST, "/auth/register", ACCESS_PUBLIC, .body = &register_schema, .turn = TURN_HASH,
	  .handler = auth_register, .status = 201, .view = &session_view,
	  .summary = "Make an account",
	  .about = "A worker starts with 10 coins, a buyer with 50. Nobody registers as admin.",
	  .errors = ERRORS(ERR_EMAIL_TAKEN, ERR_FORBIDDEN) },
	{ POST, "/auth/login", ACCESS_PUBLIC, .body = &login_schema, .turn = TURN_HASH,
	  .handler = auth_login, .view = &session_view, .summary = "Get a token",
	  .about =
		  "After 10 failures for an account from one address even the right password waits.",
	  .errors = ERRORS(ERR_BAD_LOGIN) },
	{ POST, "/auth/google-login", ACCESS_PUBLIC, .body = &google_login_schema,
	  .turn = TURN_GOOGLE, .handler = auth_google, .view = &session_view,
	  .errors = google_login_errors,
	  .summary = "Get a token for one of Google's; a newcomer becomes a worker" },
	{ GET, "/auth/me", ACCESS_ANY, .handler = auth_me, .view = &user_view,
	  .summary = "One's own account" },
	{ PUT, "/auth/profile", ACCESS_ANY, .body = &profile_schema, .shown = auth_profile_shown,
	  .handler = auth_profile, .view = &user_view, .summary = "Change name or picture",
	  .errors = ERRORS(ERR_PRECONDITION_FAILED) },
	{ PUT, "/auth/password", ACCESS_ANY, .body = &password_schema, .turn = TURN_HASH,
	  .handler = auth_password, .view = &message_token_view,
	  .summary = "Change the password; older tokens stop working",
	  .errors = ERRORS(ERR_WRONG_PASSWORD, ERR_NO_PASSWORD) },
	{ POST, "/auth/logout", ACCESS_ANY, .handler = auth_logout, .view = &message_view,
	  .summary = "End every token of the account" },

	/* tasks */
	{ GET, "/tasks", ACCESS_OPTIONAL, .query = &task_list_schema, .flags = LISTS,
	  .handler = tasks_list, .view = &task_list_view,
	  .summary = "Open tasks; a worker's token leaves out those done",
	  .about = "Without a token the answer may be a second old." },
	{ POST, "/tasks", ACCESS_BUYER, .body = &task_schema, .flags = IDEMPOTENT,
	  .handler = tasks_create, .status = 201, .view = &task_made_view,
	  .summary = "Post a task and pay its escrow",
	  .about = "required_workers × payable_amount coins go from the buyer to the task.",
	  .errors = ERRORS(ERR_INSUFFICIENT_COINS, ERR_COINS_OWED) },
	{ GET, "/tasks/buyer/my-tasks", ACCESS_BUYER, .query = &page_schema, .flags = LISTS,
	  .handler = tasks_mine, .view = &counted_task_list_view,
	  .summary = "One's own tasks with the numbers of their submissions" },
	{ GET, "/tasks/admin/top-workers", ACCESS_PUBLIC, .handler = top_workers,
	  .view = &top_workers_view, .summary = "The six workers with most coins" },
	{ GET, "/tasks/top-workers", ACCESS_PUBLIC, .handler = top_workers,
	  .view = &top_workers_view, .summary = "The six workers with most coins" },
	{ GET, "/tasks/:id", ACCESS_OPTIONAL, .handler = tasks_get, .view = &task_view,
	  .summary = "A task" },
	{ PUT, "/tasks/:id", ACCESS_ANY, .body = &task_edit_schema, .shown = tasks_shown,
	  .handler = tasks_edit, .view = &task_view,
	  .summary = "Its owner changes its texts or moves its deadline on",
	  .about =
		  "required_workers and payable_amount are ignored: old callers send the whole task back. "
		  "What is sent back as it is stored is no change, also where it would not be taken today.",
	  .errors =
		  ERRORS(ERR_INVALID_INPUT, ERR_NOT_OWNER, ERR_CONFLICT, ERR_PRECONDITION_FAILED) },
	{ POST, "/tasks/:id/slots", ACCESS_ANY, .body = &slots_schema, .flags = IDEMPOTENT,
	  .handler = tasks_slots, .view = &task_made_view,
	  .summary = "Its owner buys or gives back open slots",
	  .errors = ERRORS(ERR_NOT_OWNER, ERR_INSUFFICIENT_COINS, ERR_COINS_OWED, ERR_CONFLICT) },
	{ DELETE, "/tasks/:id", ACCESS_ANY, .flags = IDEMPOTENT, .handler = tasks_cancel,
	  .view = &refund_view, .summary = "Cancel a task; open slots are refunded",
	  .about = "What was handed in can still be reviewed, and is paid for.",
	  .errors = ERRORS(ERR_NOT_OWNER, ERR_CONFLICT) },

	/* submissions */
	{ POST, "/submissions", ACCESS_WORKER, .body = &submission_schema, .flags = IDEMPOTENT,
	  .handler = submissions_create, .status = 201, .view = &submission_made_view,
	  .summary = "Hand in work for a task",
	  .about = "Takes one open slot; once per worker and task, for good.",
	  .errors = ERRORS(ERR_DEADLINE_PASSED, ERR_ALREADY_SUBMITTED, ERR_NO_OPEN_SLOT,
			   ERR_NOT_FOUND) },
	{ GET, "/submissions", ACCESS_ADMIN, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_all, .view = &submission_list_view, .summary = "All submissions" },
	{ GET, "/submissions/worker/my-submissions", ACCESS_WORKER, .query = &page_schema,
	  .flags = LISTS, .handler = submissions_mine, .view = &submission_list_view,
	  .summary = "One's own submissions" },
	{ GET, "/submissions/worker/approved", ACCESS_WORKER, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_approved, .view = &approved_list_view,
	  .summary = "Approved work and what it earned" },
	{ GET, "/submissions/buyer/review", ACCESS_BUYER, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_to_review, .view = &submission_list_view,
	  .summary = "Work on one's tasks that waits for review, oldest first" },
	{ GET, "/submissions/task/:taskId", ACCESS_ANY, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_of_task, .view = &submission_list_view,
	  .summary = "Work on a task: all for its owner and admins, one's own for a worker",
	  .errors = ERRORS(ERR_NOT_OWNER) },
	{ POST, "/submissions/review", ACCESS_BUYER | ACCESS_ADMIN, .body = &review_schema,
	  .flags = IDEMPOTENT, .handler = submissions_review_many, .view = &review_view,
	  .summary = "Review many, each on its own",
	  .about = "Each result says ok, or the code of what kept it from being reviewed." },
	{ GET, "/submissions/:id", ACCESS_ANY, .handler = submissions_get,
	  .view = &submission_answer_view, .summary = "A submission with its task",
	  .errors = ERRORS(ERR_NOT_OWNER) },
	{ PUT, "/submissions/:id/approve", ACCESS_ANY, .flags = IDEMPOTENT,
	  .handler = submissions_approve, .view = &approved_view,
	  .summary = "Approve: the worker is paid",
	  .errors = ERRORS(ERR_NOT_OWNER, ERR_ALREADY_PROCESSED, ERR_CONFLICT) },
	{ PUT, "/submissions/:id/reject", ACCESS_ANY, .body = &reject_schema, .flags = IDEMPOTENT,
	  .handler = submissions_decide, .view = &rejected_view,
	  .summary = "Reject: the slot is open again, or its price goes back",
	  .errors = ERRORS(ERR_NOT_OWNER, ERR_ALREADY_PROCESSED, ERR_CONFLICT) },
	{ PUT, "/submissions/:id/status", ACCESS_ANY, .body = &status_schema, .flags = IDEMPOTENT,
	  .handler = submissions_decide, .view = &approved_view,
	  .summary = "Approve or reject by name",
	  .errors = ERRORS(ERR_NOT_OWNER, ERR_ALREADY_PROCESSED, ERR_CONFLICT) },

	/* withdrawals; three of their calls have older names */
	{ POST, "/withdrawals", ACCESS_WORKER, .body = &withdrawal_schema, .flags = IDEMPOTENT,
	  .handler = withdrawals_create, .status = 201, .view = &withdrawal_made_view,
	  .errors = ERRORS(ERR_INSUFFICIENT_COINS, ERR_COINS_OWED),
	  .summary = "Ask for money; the coins are held until it is decided" },
	{ GET, "/withdrawals/worker/history", ACCESS_WORKER, .query = &page_schema, .flags = LISTS,
	  .handler = withdrawals_mine, .view = &withdrawal_list_view,
	  .summary = "One's own withdrawals" },
	{ GET, "/withdrawals/admin/pending", ACCESS_ADMIN, .query = &page_schema, .flags = LISTS,
	  .handler = withdrawals_pending, .view = &pending_withdrawals_view,
	  .summary = "Pending withdrawals, and where the workers' coins came from" },
	{ GET, "/withdrawals/pending", ACCESS_ADMIN, .query = &page_schema, .flags = LISTS,
	  .handler = withdrawals_pending, .view = &pending_withdrawals_view,
	  .summary = "As /withdrawals/admin/pending" },
	{ GET, "/admin/withdrawals", ACCESS_ADMIN, .query = &page_schema, .flags = LISTS,
	  .handler = withdrawals_pending, .view = &pending_withdrawals_view,
	  .summary = "As /withdrawals/admin/pending" },
	{ PUT, "/withdrawals/:id/approve", ACCESS_ADMIN, .flags = IDEMPOTENT,
	  .handler = withdrawals_approve, .view = &withdrawal_approved_view,
	  .errors = ERRORS(ERR_ALREADY_PROCESSED, ERR_CONFLICT, ERR_COINS_OWED),
	  .summary = "Approve: the held coins leave" },
	{ PUT, "/admin/withdrawals/:id/approve", ACCESS_ADMIN, .flags = IDEMPOTENT,
	  .handler = withdrawals_approve, .view = &withdrawal_approved_view,
	  .errors = ERRORS(ERR_ALREADY_PROCESSED, ERR_CONFLICT, ERR_COINS_OWED),
	  .summary = "As /withdrawals/{id}/approve" },
	{ PUT, "/withdrawals/:id/reject", ACCESS_ADMIN, .body = &withdrawal_reject_schema,
	  .flags = IDEMPOTENT, .handler = withdrawals_reject, .view = &withdrawal_rejected_view,
	  .errors = ERRORS(ERR_ALREADY_PROCESSED, ERR_CONFLICT),
	  .summary = "Reject: the held coins are the worker's again" },
	{ PUT, "/admin/withdrawals/:id/reject", ACCESS_ADMIN, .body = &withdrawal_reject_schema,
	  .flags = IDEMPOTENT, .handler = withdrawals_reject, .view = &withdrawal_rejected_view,
	  .errors = ERRORS(ERR_ALREADY_PROCESSED, ERR_CONFLICT),
	  .summary = "As /withdrawals/{id}/reject" },

	/* notifications */
	{ GET, "/notifications", ACCESS_ANY, .query = &notification_list_schema, .flags = ARRAY,
	  .handler = notifications_mine, .view = &notification_view,
	  .summary = "One's own notifications, newest first, without archived ones" },
	{ GET, "/notifications/unread/count", ACCESS_ANY, .handler = notifications_count,
	  .view = &unread_count_view, .summary = "How many of them are unread" },
	{ PUT, "/notifications/read-all", ACCESS_ANY, .handler = notifications_mark_all,
	  .view = &all_read_view, .summary = "All of them are read" },
	{ PUT, "/notifications/:id/read", ACCESS_ANY, .handler = notifications_mark,
	  .view = &notification_view, .errors = ERRORS(ERR_NOT_OWNER), .summary = "One is read" },
	{ DELETE, "/notifications/:id", ACCESS_ANY, .handler = notifications_archive,
	  .view = &message_view, .errors = ERRORS(ERR_NOT_OWNER),
	  .summary = "Archive one: it is kept, but neither listed nor counted" },
	{ POST, "/notifications/stream-ticket", ACCESS_ANY, .handler = stream_ticket,
	  .view = &ticket_view, .summary = "A ticket that opens one stream, within a minute" },
	{ GET, "/notifications/stream", ACCESS_ANY, .query = &stream_schema, .flags = STREAMS,
	  .handler = stream_elsewhere, .view = &notification_view,
	  .errors = ERRORS(ERR_NOT_CONFIGURED), .about = "Also with ?ticket= instead of a token.",
	  .summary = "Each new notification as it comes, as server-sent events; resumes behind "
		     "Last-Event-ID" },

	/* payments */
	{ GET, "/payments/packages", ACCESS_PUBLIC, .handler = payments_packages,
	  .view = &packages_view, .summary = "What coins cost" },
	{ POST, "/payments/create-payment", ACCESS_BUYER, .body = &package_schema,
	  .flags = IDEMPOTENT, .turn = TURN_PROVIDER, .handler = payments_create, .status = 201,
	  .view = &payment_made_view, .errors = payment_errors,
	  .summary = "Begin a payment, to be confirmed when it is paid" },
	{ PUT, "/payments/confirm/:paymentId", ACCESS_ANY, .body = &confirm_schema,
	  .flags = IDEMPOTENT, .turn = TURN_PROVIDER, .handler = payments_confirm,
	  .view = &payment_done_view, .errors = confirm_errors,
	  .summary = "Its buyer tells that it is paid: the coins are theirs, once" },
	{ POST, "/payments/dummy-payment", ACCESS_BUYER, .body = &package_schema,
	  .flags = IDEMPOTENT, .handler = payments_pay_dummy, .status = 201,
	  .view = &payment_done_view, .errors = dummy_errors,
	  .summary = "Coins without money, where the provider is dummy" },
	{ POST, "/payments/purchase-coins", ACCESS_BUYER, .body = &purchase_schema,
	  .flags = IDEMPOTENT, .turn = TURN_PROVIDER, .handler = payments_purchase,
	  .view = &purchase_view, .errors = purchase_errors,
	  .summary = "Buy a package at once; with Stripe the card is charged" },
	{ POST, "/payments/webhook", ACCESS_PUBLIC, .flags = RAW_BODY,
	  .signatures = provider_header, .handler = payments_webhook, .view = &received_view,
	  .errors = webhook_errors, .summary = "Stripe tells what became of payments" },
	{ GET, "/payments/history", ACCESS_BUYER, .query = &page_schema, .flags = LISTS,
	  .handler = payments_history, .view = &payment_list_view,
	  .summary = "One's own payments, and what was paid in all" },

	/* admins */
	{ GET, "/admin/stats", ACCESS_ADMIN, .handler = admin_stats, .view = &stats_view,
	  .summary = "Users, tasks, submissions and coins in numbers" },
	{ GET, "/admin/users", ACCESS_ADMIN, .query = &user_list_schema, .flags = LISTS,
	  .handler = admin_users, .view = &user_list_view,
	  .summary = "Users, newest first, by role or by a part of name or e-mail" },
	{ PUT, "/admin/users/:id/role", ACCESS_ADMIN, .body = &role_schema,
	  .handler = admin_set_role, .view = &message_user_view, .summary = "Change a user's role",
	  .about =
		  "Not while the user has open tasks, pending submissions or withdrawals; nor that of the "
		  "last admin.",
	  .errors = ERRORS(ERR_CONFLICT) },
	{ POST, "/admin/users/:id/adjust", ACCESS_ADMIN, .body = &adjust_schema,
	  .flags = IDEMPOTENT, .handler = admin_adjust, .view = &message_user_view,
	  .errors = ERRORS(ERR_INSUFFICIENT_COINS, ERR_CONFLICT),
	  .summary = "Correct a user's balance, with a reason in the journal",
	  .about = "Coins that are given pay what the user owes first. The user is told." },
	{ DELETE, "/admin/users/:id", ACCESS_ADMIN, .flags = IDEMPOTENT,
	  .handler = admin_remove_user, .view = &message_view,
	  .summary = "Put a user out, and clear away what they leave behind",
	  .about =
		  "At once; the clearing away goes on behind it. Not oneself, and not the last admin.",
	  .errors = ERRORS(ERR_CONFLICT) },
	{ GET, "/admin/tasks", ACCESS_ADMIN, .query = &admin_task_list_schema, .flags = LISTS,
	  .handler = admin_tasks, .view = &counted_task_list_view,
	  .summary = "Everybody's tasks with the numbers of their submissions" },
	{ DELETE, "/admin/tasks/:id", ACCESS_ADMIN, .flags = IDEMPOTENT,
	  .handler = admin_take_down_task, .view = &refund_view,
	  .summary = "Cancel anyone's task; the buyer gets the open slots back and is told",
	  .errors = ERRORS(ERR_CONFLICT) },
	{ GET, "/admin/top-workers", ACCESS_ANY, .handler = top_workers, .view = &top_workers_view,
	  .summary = "The six workers with most coins" },
	{ GET, "/admin/audit", ACCESS_ADMIN, .handler = admin_audit, .view = &audit_view,
	  .summary = "Do the books balance? Computed now, in one snapshot" },
	{ GET, "/admin/ledger", ACCESS_ADMIN, .query = &ledger_list_schema, .flags = LISTS,
	  .handler = admin_ledger, .view = &ledger_list_view,
	  .summary = "The journal, newest first" },

	/* for pages without a log-in */
	{ GET, "/public/tasks", ACCESS_PUBLIC, .query = &task_list_schema,
	  .flags = LISTS | SAYS_SUCCESS, .handler = public_tasks, .view = &public_list_view,
	  .summary = "Open tasks, six a page" },
	{ GET, "/public/tasks/:id", ACCESS_PUBLIC, .flags = SAYS_SUCCESS, .handler = public_task,
	  .view = &public_task_answer_view, .summary = "A task" },
	{ GET, "/public/top-workers", ACCESS_PUBLIC, .flags = SAYS_SUCCESS,
	  .handler = public_top_workers, .view = &public_workers_view,
	  .summary = "The six workers with most coins" },
};
const size_t api_route_count = COUNT_OF(api_routes);

static enum err authenticate(struct request *rq, const char *token)
{
	struct thread *thread = rq->thread;

	return caller_read(thread->db, rq->arena, thread->app->config, token, rq->now, &rq->caller);
}

/*
 * An older server's data is nobody's to change before it is adopted; a thread asks until it has seen that once. A user
 * restored since then signs in and reads, and moves no coins, not those of others either.
 */
static enum err data_adopted(struct request *rq)
{
	struct thread *thread = rq->thread;
	enum err err = thread->adopted ? OK : setup_ready(thread->db, rq->arena);

	thread->adopted = err == OK;
	if (err == OK && rq->route->flags & IDEMPOTENT && !is_marked(rq->caller.record))
		return ERR_NOT_ADOPTED;
	return err;
}

const struct service api_service = {
	.routes = api_routes,
	.route_count = COUNT_OF(api_routes),
	.authenticate = authenticate,
	.open = data_adopted,
	.claim = claim_request,
	.recall = recall_request,
	.release = release_request,
	.complete = complete_request,
};
