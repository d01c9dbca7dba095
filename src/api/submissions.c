#include "api/submissions.h"

#include "api/api.h"
#include "market/status.h"
#include "market/submission_lists.h"
#include "market/submissions.h"
#include "store/doc.h"

/* ---- inputs ---- */

static const struct field input_fields[] = {
	FIELD("task_id", ID, submission_input, task_id, .flags = FIELD_REQUIRED,
	      .help = "The task worked on", .example = "\"65a1b2c3d4e5f60718293a4b\""),
	FIELD("submission_details", TEXT, submission_input, submission_details,
	      .flags = FIELD_REQUIRED, .min = 1, .max = 20000, .help = "What the buyer reviews",
	      .example = "\"Done, see the screenshot.\""),
};
static const struct schema input_schema =
	SCHEMA_OF("SubmissionInput", struct submission_input, input_fields);

/* ---- views ---- */

/* All but the task: some answers show its id, one the task itself. */
static const struct view_row members_rows[] = {
	MEMBER("_id", ID),
	MEMBER("task_title", TEXT),
	MEMBER("payable_amount", WHOLE, .flags = VIEW_ALWAYS, .example = "5"),
	MEMBER("worker_id", ID, .flags = VIEW_OPTIONAL),
	MEMBER("worker_email", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("worker_name", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("submission_details", TEXT),
	MEMBER("buyer_id", ID, .flags = VIEW_OPTIONAL),
	MEMBER("buyer_email", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("buyer_name", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("status", TEXT, .known = review_statuses, .example = "\"pending\""),
	MEMBER("rejection_reason", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("reason_code", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("submitted_date", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("reviewed_date", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("updatedAt", DATE, .flags = VIEW_OPTIONAL),
};
const struct view submission_members_view = VIEW_OF("SubmissionMembers", members_rows);

static const struct view_row submission_rows[] = { MEMBER("task_id", ID, .flags = VIEW_OPTIONAL) };
static const struct view submission_view =
	VIEW_OF("Submission", submission_rows, .base = &submission_members_view);

static const struct view_row submission_done_rows[] = {
	MEMBER("success", BOOL, .example = "true"),
	MEMBER("message", TEXT),
	MEMBER("submission", OBJECT, .of = &submission_view),
};
const struct view submission_done_view = VIEW_OF("SubmissionMade", submission_done_rows);

static const struct view_row list_rows[] = {
	MEMBER("submissions", LIST, .of = &submission_view),
};
static const struct view list_view = VIEW_OF("SubmissionPage", list_rows);

static const struct view_row approved_list_rows[] = {
	MEMBER("approvedSubmissions", LIST, .of = &submission_view),
	MEMBER("totalEarnings", WHOLE, .help = "Coins over all, not this page", .example = "40"),
};
static const struct view approved_list_view = VIEW_OF("ApprovedPage", approved_list_rows);

/* ---- handing in ---- */

struct json *submission_respond(struct request *rq, const char *message, const bson_t *submission)
{
	struct json *json = respond(rq);

	json_bool(json, "success", true);
	json_text(json, "message", message);
	render_object(rq, submission);
	return json;
}

static enum err create_plan(struct request *rq, struct txn *txn)
{
	return submission_create(call_of(rq), rq->body_input, txn);
}

static void created(struct request *rq, const struct txn *txn)
{
	submission_respond(rq, "The submission is in.", txn_inserted(txn, SUBMISSIONS));
}

static enum err submissions_create(struct request *rq)
{
	return carry_out(rq, create_plan, created);
}

/* ---- reading ---- */

static enum err submissions_mine(struct request *rq)
{
	return respond_list(rq, submission_list_own);
}

static enum err submissions_approved(struct request *rq)
{
	struct call *call = call_of(rq);
	struct rows rows = { .rq = rq };
	struct json *json = respond(rq);
	struct page page;
	struct list list;
	int64_t earnings = 0;

	submission_list_approved(call, &list);
	enum err err = page_items(&rows, &list, &page);
	if (err == OK)
		err = submission_earnings(call, &earnings);
	json_int(json, "totalEarnings", earnings);
	page_members(json, &page);
	return err;
}

static enum err submissions_to_review(struct request *rq)
{
	return respond_list(rq, submission_list_to_review);
}

static enum err submissions_of_task(struct request *rq)
{
	struct list list;
	enum err err = submission_list_of_task(call_of(rq), &rq->ids[0], &list);

	return err == OK ? respond_page(rq, &list) : err;
}

static enum err submissions_all(struct request *rq)
{
	return respond_list(rq, submission_list_all);
}

static const struct route rows[] = {
	{ POST, "/submissions", ACCESS_WORKER, .body = &input_schema, .flags = IDEMPOTENT,
	  .handler = submissions_create, .status = 201, .view = &submission_done_view,
	  .summary = "Hand in work for a task",
	  .about = "Takes one open slot; once per worker and task, for good.",
	  .errors = ERRORS(ERR_DEADLINE_PASSED, ERR_ALREADY_SUBMITTED, ERR_NO_OPEN_SLOT,
			   ERR_NOT_FOUND) },
	{ GET, "/submissions", ACCESS_ADMIN, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_all, .view = &list_view, .summary = "All submissions" },
	{ GET, "/submissions/worker/my-submissions", ACCESS_WORKER, .query = &page_schema,
	  .flags = LISTS, .handler = submissions_mine, .view = &list_view,
	  .summary = "One's own submissions" },
	{ GET, "/submissions/worker/approved", ACCESS_WORKER, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_approved, .view = &approved_list_view,
	  .summary = "Approved work and what it earned" },
	{ GET, "/submissions/buyer/review", ACCESS_BUYER, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_to_review, .view = &list_view,
	  .summary = "Work on one's tasks that waits for review, oldest first" },
	{ GET, "/submissions/task/:taskId", ACCESS_ANY, .query = &page_schema, .flags = LISTS,
	  .handler = submissions_of_task, .view = &list_view,
	  .summary = "Work on a task: all for its owner and admins, one's own for a worker",
	  .errors = ERRORS(ERR_NOT_OWNER) },
};
const struct routes submission_routes = ROUTES_OF(rows);
