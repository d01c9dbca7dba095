#include "api/submissions.h"

#include "api/api.h"
#include "market/submission_lists.h"
#include "market/submissions.h"
#include "store/doc.h"

#include <string.h>

/* ---- inputs ---- */

static const struct field submission_fields[] = {
	{ .name = "task_id",
	  .type = FIELD_ID,
	  .flags = FIELD_REQUIRED,
	  .offset = offsetof(struct submission_input, task_id),
	  .help = "The task worked on",
	  .example = "\"65a1b2c3d4e5f60718293a4b\"" },
	{ .name = "submission_details",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED,
	  .offset = offsetof(struct submission_input, submission_details),
	  .min = 1,
	  .max = 20000,
	  .help = "What the buyer reviews",
	  .example = "\"Done, see the screenshot.\"" },
};
const struct schema submission_schema = { .name = "SubmissionInput",
					  .size = sizeof(struct submission_input),
					  .fields = submission_fields,
					  .count = COUNT_OF(submission_fields) };

struct review_input {
	const char *status, *reason, *reason_code;
	struct id_list ids;
};

static const char *const statuses[] = { "approved", "rejected", NULL };

#define REASON                                                                                 \
	{                                                                                      \
		.name = "reason", .type = FIELD_TEXT,                                          \
		.offset = offsetof(struct review_input, reason), .max = 500,                   \
		.help = "Told to the worker", .example = "\"The picture shows another page.\"" \
	}
#define REASON_CODE                                                              \
	{                                                                        \
		.name = "reason_code", .type = FIELD_TEXT,                       \
		.offset = offsetof(struct review_input, reason_code), .max = 50, \
		.help = "For statistics"                                         \
	}
#define STATUS                                                                        \
	{                                                                             \
		.name = "status", .type = FIELD_CHOICE, .flags = FIELD_REQUIRED,      \
		.offset = offsetof(struct review_input, status), .choices = statuses, \
		.help = "The decision", .example = "\"approved\""                     \
	}

static const struct field reject_fields[] = { REASON, REASON_CODE };
const struct schema reject_schema = { .name = "Rejection",
				      .size = sizeof(struct review_input),
				      .fields = reject_fields,
				      .count = COUNT_OF(reject_fields) };

static const struct field status_fields[] = { STATUS, REASON, REASON_CODE };
const struct schema status_schema = { .name = "Decision",
				      .size = sizeof(struct review_input),
				      .fields = status_fields,
				      .count = COUNT_OF(status_fields) };

static const struct field review_fields[] = {
	{ .name = "ids",
	  .type = FIELD_IDS,
	  .flags = FIELD_REQUIRED,
	  .offset = offsetof(struct review_input, ids),
	  .min = 1,
	  .max = 100,
	  .help = "The submissions",
	  .example = "[\"65a1b2c3d4e5f60718293a4b\"]" },
	STATUS,
	REASON,
};
const struct schema review_schema = { .name = "ReviewOfMany",
				      .size = sizeof(struct review_input),
				      .fields = review_fields,
				      .count = COUNT_OF(review_fields) };

/* ---- views ---- */

#define SUBMISSION_TAIL                                                                           \
	{ "task_title", VIEW_TEXT, 0, NULL, NULL, NULL },                                         \
		{ "payable_amount", VIEW_WHOLE, VIEW_ALWAYS, NULL, NULL, "5" },                   \
		{ "worker_id", VIEW_ID, VIEW_OPTIONAL, NULL, NULL, NULL },                        \
		{ "worker_email", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },                   \
		{ "worker_name", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },                    \
		{ "submission_details", VIEW_TEXT, 0, NULL, NULL, NULL },                         \
		{ "buyer_id", VIEW_ID, VIEW_OPTIONAL, NULL, NULL, NULL },                         \
		{ "buyer_email", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },                    \
		{ "buyer_name", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },                     \
		{ "status", VIEW_TEXT, 0, NULL, "pending, approved or rejected", "\"pending\"" }, \
		{ "rejection_reason", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },               \
		{ "reason_code", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },                    \
		{ "submitted_date", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL },                 \
		{ "reviewed_date", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL },                  \
		{ "createdAt", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL },                      \
	{                                                                                         \
		"updatedAt", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL                           \
	}

static const struct view_row submission_rows[] = { { "_id", VIEW_ID, 0, NULL, NULL, NULL },
						   { "task_id", VIEW_ID, VIEW_OPTIONAL, NULL, NULL,
						     NULL },
						   SUBMISSION_TAIL };
static const struct view submission_view = { .name = "Submission",
					     .rows = submission_rows,
					     .count = COUNT_OF(submission_rows) };

static const struct view_row members_rows[] = { { "_id", VIEW_ID, 0, NULL, NULL, NULL },
						SUBMISSION_TAIL };
static const struct view members_view = { .name = "SubmissionMembers",
					  .rows = members_rows,
					  .count = COUNT_OF(members_rows) };

static const struct view_row task_brief_rows[] = {
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL },
	{ "task_title", VIEW_TEXT, 0, NULL, NULL, NULL },
	{ "task_detail", VIEW_TEXT, 0, NULL, NULL, NULL },
	{ "submission_info", VIEW_TEXT, 0, NULL, NULL, NULL },
	{ "payable_amount", VIEW_WHOLE, VIEW_ALWAYS, NULL, NULL, "5" },
};
static const struct view task_brief_view = { .name = "TaskBrief",
					     .rows = task_brief_rows,
					     .count = COUNT_OF(task_brief_rows) };

static const struct view_row populated_rows[] = {
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL },
	{ "task_id", VIEW_OBJECT, VIEW_OPTIONAL | VIEW_OR_ID, &task_brief_view,
	  "The task, or its plain id once the task's record is gone", NULL },
	SUBMISSION_TAIL,
};
static const struct view populated_view = { .name = "SubmissionWithTask",
					    .rows = populated_rows,
					    .count = COUNT_OF(populated_rows) };

#define ROWS_VIEW(variable, title, ...)                                   \
	static const struct view_row variable##_rows[] = { __VA_ARGS__ }; \
	const struct view variable = { .name = title,                     \
				       .rows = variable##_rows,           \
				       .count = COUNT_OF(variable##_rows) }
#define MESSAGE                                           \
	{                                                 \
		"message", VIEW_TEXT, 0, NULL, NULL, NULL \
	}
#define SUBMISSION                                                         \
	{                                                                  \
		"submission", VIEW_OBJECT, 0, &submission_view, NULL, NULL \
	}
#define SUCCESS                                             \
	{                                                   \
		"success", VIEW_BOOL, 0, NULL, NULL, "true" \
	}

ROWS_VIEW(submission_made_view, "SubmissionMade", SUCCESS, MESSAGE, SUBMISSION);
ROWS_VIEW(submission_list_view, "SubmissionPage",
	  { "submissions", VIEW_LIST, 0, &submission_view, NULL, NULL });
ROWS_VIEW(approved_list_view, "ApprovedPage",
	  { "approvedSubmissions", VIEW_LIST, 0, &submission_view, NULL, NULL },
	  { "totalEarnings", VIEW_WHOLE, 0, NULL, "Coins over all, not this page", "40" });
ROWS_VIEW(submission_answer_view, "SubmissionAnswer",
	  { "submission", VIEW_OBJECT, 0, &populated_view, NULL, NULL });
ROWS_VIEW(approved_view, "Approved", SUCCESS, MESSAGE, SUBMISSION,
	  { "coinsAdded", VIEW_WHOLE, VIEW_OPTIONAL, NULL, NULL, "5" },
	  { "workerNewBalance", VIEW_WHOLE, VIEW_OPTIONAL, NULL, NULL, "15" });
ROWS_VIEW(rejected_view, "Rejected", SUCCESS, MESSAGE, SUBMISSION);

static const struct view_row review_result_rows[] = {
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL },
	{ "ok", VIEW_BOOL, 0, NULL, NULL, "true" },
	{ "code", VIEW_TEXT, VIEW_OPTIONAL, NULL, "Why it was not done", NULL },
};
static const struct view review_result_view = { .name = "ReviewResult",
						.rows = review_result_rows,
						.count = COUNT_OF(review_result_rows) };
ROWS_VIEW(review_view, "ReviewResults",
	  { "results", VIEW_LIST, 0, &review_result_view, NULL, NULL });

/* ---- handing in ---- */

enum err submissions_create(struct request *rq, struct event *event)
{
	return submission_create(call_of(rq), rq->body_input, event);
}

void submissions_created(struct request *rq, const struct event *event)
{
	struct json *json = respond(rq, 201);

	json_bool(json, "success", true);
	json_text(json, "message", "The submission is in.");
	render(json, "submission", &submission_view, event_inserted(event, SUBMISSIONS),
	       &rq->caller);
}

/* ---- reading ---- */

enum err submissions_mine(struct request *rq)
{
	struct list list;

	submission_list_own(call_of(rq), &list);
	return respond_page(rq, "submissions", &list, &submission_view);
}

enum err submissions_approved(struct request *rq)
{
	struct call *call = call_of(rq);
	struct json *json = respond(rq, 200);
	struct page page;
	struct list list;
	int64_t earnings = 0;

	submission_list_approved(call, &list);
	enum err err = page_items(rq, json, "approvedSubmissions", &list, &submission_view, &page);
	if (err == OK)
		err = submission_earnings(call, &earnings);
	json_int(json, "totalEarnings", earnings);
	page_members(json, &page);
	return err;
}

enum err submissions_to_review(struct request *rq)
{
	struct list list;

	submission_list_to_review(call_of(rq), &list);
	return respond_page(rq, "submissions", &list, &submission_view);
}

enum err submissions_of_task(struct request *rq)
{
	struct list list;
	enum err err = submission_list_of_task(call_of(rq), &rq->ids[0], &list);

	return err == OK ? respond_page(rq, "submissions", &list, &submission_view) : err;
}

enum err submissions_all(struct request *rq)
{
	struct list list;

	submission_list_all(call_of(rq), &list);
	return respond_page(rq, "submissions", &list, &submission_view);
}

enum err submissions_get(struct request *rq)
{
	struct call *call = call_of(rq);
	const bson_t *submission, *task = NULL;
	struct id task_id;
	enum err err = submission_read(call, &rq->ids[0], &submission);

	if (err != OK)
		return err;
	bool named = doc_id(submission, "task_id", &task_id);
	if (named)
		err = db_find_id(call->db, rq->arena, TASKS, &task_id, &task);
	if (err != OK)
		return err;
	struct json *json = respond(rq, 200);
	json_object(json, "submission");
	render_members(json, &members_view, submission, &rq->caller);
	if (task)
		render(json, "task_id", &task_brief_view, task, &rq->caller);
	else if (named)
		json_id(json, "task_id", &task_id);
	json_end(json);
	return OK;
}

/* ---- reviewing ---- */

enum err submissions_approve(struct request *rq, struct event *event)
{
	return submission_review(call_of(rq), &rq->ids[0], &(struct review){ .approve = true },
				 event);
}

static struct review review_of(const struct review_input *input)
{
	return (struct review){
		.approve = input->status && !strcmp(input->status, "approved"),
		.reason = input->reason,
		.reason_code = input->reason_code,
	};
}

enum err submissions_reject(struct request *rq, struct event *event)
{
	struct review review = review_of(rq->body_input);

	return submission_review(call_of(rq), &rq->ids[0], &review, event);
}

enum err submissions_set_status(struct request *rq, struct event *event)
{
	struct review review = review_of(rq->body_input);

	return submission_review(call_of(rq), &rq->ids[0], &review, event);
}

/* An approval reads the worker back, a rejection has no need to. */
void submissions_reviewed(struct request *rq, const struct event *event)
{
	const bson_t *submission = event_found(event, SUBMISSIONS),
		     *worker = event_found(event, USERS);
	struct json *json = respond(rq, 200);

	json_bool(json, "success", true);
	json_text(json, "message",
		  worker ? "The submission is approved." : "The submission is rejected.");
	render(json, "submission", &submission_view, submission, &rq->caller);
	if (worker) {
		json_int(json, "coinsAdded", doc_whole(submission, "payable_amount", 0));
		json_int(json, "workerNewBalance", doc_whole(worker, "coins", 0));
	}
}

/* ---- reviewing many: each an event of its own ---- */

static enum err review_again(struct request *rq, const struct id *id, const struct review *review)
{
	struct call *call = call_of(rq);
	enum err err = ERR_CONFLICT;

	/* a guard that failed tells of a record that changed: look again what is true now */
	for (int tries = 0; tries < 3; tries++) {
		struct event *event = arena_alloc(rq->arena, sizeof *event);

		event_start(event, rq->arena);
		err = submission_review(call, id, review, event);
		if (err != OK)
			return err;
		request_note(rq, id, event);
		err = store_commit(call->db, event);
		if (err == OK || err == ERR_UNAVAILABLE)
			return err;
	}
	return err;
}

enum err submissions_review_many(struct request *rq)
{
	const struct review_input *input = rq->body_input;
	struct review review = review_of(input);
	struct json *json = respond(rq, 200);

	json_array(json, "results");
	for (size_t i = 0; i < input->ids.count; i++) {
		const struct id *id = &input->ids.ids[i];
		enum err err = request_noted(rq, id) ? OK : review_again(rq, id, &review);

		json_object(json, NULL);
		json_id(json, "_id", id);
		json_bool(json, "ok", err == OK);
		if (err != OK)
			json_text(json, "code", err_row(err)->code);
		json_end(json);
	}
	json_end(json);
	return complete_request(rq);
}
