#include "api/api.h"

#include "api/submissions.h"
#include "base/clock.h"
#include "market/status.h"
#include "market/submissions.h"
#include "store/doc.h"

#include <string.h>

/* ---- inputs ---- */

struct review_input {
	const char *status, *reason, *reason_code;
	struct id_list ids;
};

static const char *const statuses[] = { "approved", "rejected", NULL };

#define REASON                                                                                \
	FIELD("reason", TEXT, review_input, reason, .max = 500, .help = "Told to the worker", \
	      .example = "\"The picture shows another page.\"")
#define REASON_CODE \
	FIELD("reason_code", TEXT, review_input, reason_code, .max = 50, .help = "For statistics")
#define DECISION                                                               \
	FIELD("status", CHOICE, review_input, status, .flags = FIELD_REQUIRED, \
	      .choices = statuses, .help = "The decision", .example = "\"approved\"")

static const struct field reject_fields[] = { REASON, REASON_CODE };
static const struct schema reject_schema =
	SCHEMA_OF("Rejection", struct review_input, reject_fields);

static const struct field status_fields[] = { DECISION, REASON, REASON_CODE };
static const struct schema status_schema =
	SCHEMA_OF("Decision", struct review_input, status_fields);

static const struct field review_fields[] = {
	FIELD("ids", IDS, review_input, ids, .flags = FIELD_REQUIRED, .min = 1, .max = 100,
	      .help = "The submissions", .example = "[\"65a1b2c3d4e5f60718293a4b\"]"),
	DECISION,
	REASON,
};
static const struct schema review_schema =
	SCHEMA_OF("ReviewOfMany", struct review_input, review_fields);

/* ---- views ---- */

static const struct view_row task_brief_rows[] = {
	MEMBER("_id", ID),
	MEMBER("task_title", TEXT),
	MEMBER("task_detail", TEXT),
	MEMBER("submission_info", TEXT),
	MEMBER("payable_amount", WHOLE, .flags = VIEW_ALWAYS, .example = "5"),
};
static const struct view task_brief_view = VIEW_OF("TaskBrief", task_brief_rows);

static const struct view_row populated_rows[] = {
	MEMBER("task_id", OBJECT, .flags = VIEW_OPTIONAL | VIEW_OR_ID, .of = &task_brief_view,
	       .help = "The task, or its plain id once the task's record is gone"),
};
static const struct view populated_view =
	VIEW_OF("SubmissionWithTask", populated_rows, .base = &submission_members_view);

static const struct view_row answer_rows[] = {
	MEMBER("submission", OBJECT, .of = &populated_view),
};
static const struct view answer_view = VIEW_OF("SubmissionAnswer", answer_rows);

static const struct view rejected_view = { .name = "Rejected", .base = &submission_done_view };

static const struct view_row approved_rows[] = {
	MEMBER("coinsAdded", WHOLE, .flags = VIEW_OPTIONAL, .example = "5"),
	MEMBER("workerNewBalance", WHOLE, .flags = VIEW_OPTIONAL, .example = "15"),
};
static const struct view approved_view = VIEW_OF("Approved", approved_rows, .base = &rejected_view);

static const struct view_row result_rows[] = {
	MEMBER("_id", ID),
	MEMBER("ok", BOOL, .example = "true"),
	MEMBER("code", TEXT, .flags = VIEW_OPTIONAL, .help = "Why it was not done"),
};
static const struct view result_view = VIEW_OF("ReviewResult", result_rows);

static const struct view_row review_rows[] = { MEMBER("results", LIST, .of = &result_view) };
static const struct view review_view = VIEW_OF("ReviewResults", review_rows);

/* ---- reading one ---- */

static enum err submissions_get(struct request *rq)
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
	struct json *json = respond(rq);
	json_object(json, "submission");
	render_members(json, &submission_members_view, submission, &rq->caller);
	if (task)
		render(json, "task_id", &task_brief_view, task, &rq->caller);
	else if (named)
		json_id(json, "task_id", &task_id);
	json_end(json);
	return OK;
}

/* ---- reviewing ---- */

static struct review review_of(const struct review_input *input)
{
	return (struct review){
		.approve = input->status && !strcmp(input->status, "approved"),
		.reason = input->reason,
		.reason_code = input->reason_code,
	};
}

struct decision {
	struct review review;
	const struct txn *done;
};

static enum err decide_plan(struct request *rq, struct txn *txn, void *context)
{
	const struct decision *decision = context;

	return submission_review(call_of(rq), &rq->ids[0], &decision->review, txn);
}

static void decided(struct request *rq, const struct txn *txn, void *context)
{
	struct decision *decision = context;
	const bson_t *submission = txn_found(txn, SUBMISSIONS);
	bool approved = status_is(submission, STATUS_APPROVED);
	const char *message =
		approved ? "The submission is approved." : "The submission is rejected.";
	struct json *json = submission_respond(rq, message, submission);

	if (approved) {
		json_int(json, "coinsAdded", doc_whole(submission, "payable_amount", 0));
		json_int(json, "workerNewBalance", doc_whole(txn_found(txn, USERS), "coins", 0));
	}
	decision->done = txn;
}

static enum err decide(struct request *rq, struct review review)
{
	struct decision decision = { .review = review };
	enum err err = carry_out_with(rq, decide_plan, decided, &decision);

	if (err == OK)
		submission_reviewed(call_of(rq), decision.done);
	return err;
}

static enum err submissions_approve(struct request *rq)
{
	return decide(rq, (struct review){ .approve = true });
}

static enum err submissions_decide(struct request *rq)
{
	return decide(rq, review_of(rq->body_input));
}

/* ---- reviewing many: each a transaction of its own ---- */

/* How long reviews are begun and tried again. The last one, the claim before and the release after it then end before
 * nginx gives up. A hundred reviews take some two seconds. */
enum { REVIEW_MS = 5000 };

struct reviewing {
	struct request *rq;
	const struct id_list *ids;
	struct review review;
	int64_t deadline; /* steady milliseconds */
	size_t at; /* the review at hand */
};

static enum err review_build(void *context, struct txn *txn)
{
	const struct reviewing *reviewing = context;
	struct request *rq = reviewing->rq;
	const struct id *id = &reviewing->ids->ids[reviewing->at];
	enum err err = submission_review(call_of(rq), id, &reviewing->review, txn);

	txn->deadline = reviewing->deadline;
	if (err == OK)
		request_note(rq, id, txn);
	return err;
}

static bool named_before(const struct reviewing *reviewing)
{
	const struct id *ids = reviewing->ids->ids;

	for (size_t i = 0; i < reviewing->at; i++)
		if (id_equal(&ids[i], &ids[reviewing->at]))
			return true;
	return false;
}

/* What an earlier call with this key did is done; but of an id that is named twice only the first place is. */
static enum err review_one(struct reviewing *reviewing)
{
	struct request *rq = reviewing->rq;
	const struct txn *done;

	if (request_noted(rq, &reviewing->ids->ids[reviewing->at]) && !named_before(reviewing))
		return OK;
	if (clock_steady() >= reviewing->deadline)
		return ERR_UNAVAILABLE;
	struct call *call = call_of(rq);
	enum err err = txn_carry_out(call->db, rq->arena, review_build, reviewing, &done);
	if (err == OK)
		submission_reviewed(call, done);
	return err;
}

/* A part that is refused is so for good, as what decides it does not change back. */
static bool is_final(enum err err)
{
	return err != ERR_UNAVAILABLE && err != ERR_INTERNAL && err != ERR_IN_PROGRESS;
}

static void result_write(struct json *json, const struct id *id, enum err err)
{
	json_object(json, NULL);
	json_id(json, "_id", id);
	json_bool(json, "ok", err == OK);
	if (err != OK)
		json_text(json, "code", err_row(err)->code);
	json_end(json);
}

/* A part that meets something passing keeps no other from being done, but the call ends with that error then: an answer
 * that is kept says of each part what will stay true. */
static enum err submissions_review_many(struct request *rq)
{
	const struct review_input *input = rq->body_input;
	struct reviewing reviewing = { .rq = rq,
				       .ids = &input->ids,
				       .review = review_of(input),
				       .deadline = clock_steady() + REVIEW_MS };
	struct json *json = respond(rq);
	enum err passing = OK;

	json_array(json, "results");
	for (; reviewing.at < input->ids.count; reviewing.at++) {
		enum err err = review_one(&reviewing);

		if (!is_final(err) && passing == OK)
			passing = err;
		result_write(json, &input->ids.ids[reviewing.at], err);
	}
	json_end(json);
	return passing;
}

static const struct route rows[] = {
	{ POST, "/submissions/review", ACCESS_BUYER | ACCESS_ADMIN, .body = &review_schema,
	  .flags = IDEMPOTENT, .handler = submissions_review_many, .view = &review_view,
	  .summary = "Review many, each on its own",
	  .about = "Each result says ok, or the code of what kept it from being reviewed." },
	{ GET, "/submissions/:id", ACCESS_ANY, .handler = submissions_get, .view = &answer_view,
	  .summary = "A submission with its task", .errors = ERRORS(ERR_NOT_OWNER) },
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
};
const struct routes review_routes = ROUTES_OF(rows);
