#include "api/tasks.h"

#include "api/api.h"
#include "base/clock.h"
#include "market/status.h"
#include "market/task_lists.h"
#include "market/tasks.h"
#include "store/doc.h"

/* ---- inputs ---- */

static const char *date_check(const void *at)
{
	const struct number *date = at;

	return task_closes_at(date->value) > clock_now() ? NULL : "completion_date must be ahead.";
}

#define TITLE(need)                                                                                \
	FIELD("task_title", TEXT, task_input, task_title, .flags = (need) | FIELD_LABEL, .min = 1, \
	      .max = 200, .help = "What it is", .example = "\"Watch a video and comment\"")
#define DETAIL(need)                                                                              \
	FIELD("task_detail", TEXT, task_input, task_detail, .flags = need, .min = 1, .max = 5000, \
	      .help = "What to do",                                                               \
	      .example = "\"Watch to the end and leave an honest comment.\"")
#define INFO(need)                                                                           \
	FIELD("submission_info", TEXT, task_input, submission_info, .flags = need, .min = 1, \
	      .max = 2000, .help = "What to hand in",                                        \
	      .example = "\"A screenshot of your comment\"")
#define IMAGE                                                                 \
	FIELD("task_image_url", URL, task_input, task_image_url, .max = 2048, \
	      .help = "A picture's address")
#define CATEGORY                                                                       \
	FIELD("category", TEXT, task_input, category, .flags = FIELD_LABEL, .max = 50, \
	      .help = "A word to filter by", .example = "\"survey\"")

static const struct field task_fields[] = {
	TITLE(FIELD_REQUIRED),
	DETAIL(FIELD_REQUIRED),
	FIELD("required_workers", WHOLE, task_input, required_workers, .flags = FIELD_REQUIRED,
	      .min = 1, .max = TASK_SLOTS_MAX, .help = "Slots: each takes one submission",
	      .example = "3"),
	FIELD("payable_amount", COINS, task_input, payable_amount, .flags = FIELD_REQUIRED,
	      .min = 1, .max = TASK_PRICE_MAX, .help = "Coins for each approved submission",
	      .example = "5"),
	FIELD("completion_date", DATE, task_input, completion_date, .flags = FIELD_REQUIRED,
	      .check = date_check, .help = "The deadline; midnight UTC means that whole day",
	      .example = "\"2030-01-31\""),
	INFO(FIELD_REQUIRED),
	IMAGE,
	CATEGORY,
};
static const struct schema task_schema = SCHEMA_OF("TaskInput", struct task_input, task_fields);

/* Old callers send the whole task back: slots and price are not read here. */
static const struct field task_edit_fields[] = {
	TITLE(0),
	DETAIL(0),
	FIELD("completion_date", DATE, task_input, completion_date, .help = "A later deadline",
	      .example = "\"2030-02-28\""),
	INFO(0),
	IMAGE,
	CATEGORY,
};
static const struct schema task_edit_schema =
	SCHEMA_OF("TaskEdit", struct task_input, task_edit_fields);

struct slots_input {
	struct number delta;
};

static const char *delta_check(const void *at)
{
	return ((const struct number *)at)->value ? NULL : "delta must not be 0.";
}

static const struct field slots_fields[] = {
	FIELD("delta", WHOLE, slots_input, delta, .flags = FIELD_REQUIRED, .min = -TASK_SLOTS_MAX,
	      .max = TASK_SLOTS_MAX, .check = delta_check,
	      .help = "Slots to buy, or below 0 to give back", .example = "2"),
};
static const struct schema slots_schema = SCHEMA_OF("SlotsInput", struct slots_input, slots_fields);

static const char *const sort_choices[] = {
	"createdAt",	    "payable_amount",	 "completion_date",
	"required_workers", "-createdAt",	 "-payable_amount",
	"-completion_date", "-required_workers", NULL,
};

static const struct field task_list_fields[] = {
	FIELD("sortBy", CHOICE, task_query, sort, .choices = sort_choices,
	      .help = "The order; - means descending", .example = "\"-createdAt\""),
	FIELD("q", TEXT, task_query, words, .max = 100,
	      .help = "Whole words that all occur in title or detail, in any case"),
	FIELD("category", TEXT, task_query, category, .max = 50, .help = "Only this category"),
	FIELD("min_payable", COINS, task_query, min_payable, .min = 0, .max = INT64_MAX,
	      .help = "Only tasks that pay at least so many coins"),
};
const struct schema task_list_schema =
	SCHEMA_OF("TaskQuery", struct task_query, task_list_fields, .base = &page_schema);

/* ---- views ---- */

static const struct view_row task_members_rows[] = {
	MEMBER("_id", ID),
	MEMBER("task_title", TEXT, .example = "\"Watch a video\""),
	MEMBER("task_detail", TEXT),
	MEMBER("required_workers", WHOLE, .flags = VIEW_ALWAYS, .help = "Slots still open",
	       .example = "3"),
	MEMBER("payable_amount", WHOLE, .flags = VIEW_ALWAYS, .help = "Coins a submission",
	       .example = "5"),
	MEMBER("completion_date", DATE),
	MEMBER("submission_info", TEXT),
	MEMBER("task_image_url", TEXT, .flags = VIEW_ALWAYS),
	MEMBER("category", TEXT, .flags = VIEW_ALWAYS),
	MEMBER("buyer_name", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("status", TEXT, .known = task_statuses, .example = "\"active\""),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("updatedAt", DATE, .flags = VIEW_OPTIONAL),
};
const struct view task_members_view = VIEW_OF("TaskMembers", task_members_rows);

static const struct view_row task_rows[] = {
	MEMBER("buyer_email", TEXT, .flags = VIEW_PRIVATE | VIEW_OPTIONAL,
	       .help = "For the owner and admins"),
	MEMBER("buyer_id", ID, .flags = VIEW_OPTIONAL),
};
static const struct view task_view =
	VIEW_OF("Task", task_rows, .base = &task_members_view, .owner_field = "buyer_id");

static const struct view_row task_list_rows[] = { MEMBER("tasks", LIST, .of = &task_view) };
static const struct view task_list_view = VIEW_OF("TaskPage", task_list_rows);

static const struct view_row counted_task_rows[] = {
	MEMBER("submissionCount", WHOLE, .example = "2"),
	MEMBER("pendingCount", WHOLE, .example = "1"),
};
static const struct view counted_task_view =
	VIEW_OF("CountedTask", counted_task_rows, .base = &task_view);

static const struct view_row counted_task_list_rows[] = {
	MEMBER("tasks", LIST, .of = &counted_task_view),
};
const struct view counted_task_list_view = VIEW_OF("CountedTaskPage", counted_task_list_rows);

static const struct view_row task_made_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("task", OBJECT, .of = &task_view),
	MEMBER("remainingCoins", WHOLE, .help = "The buyer's coins now", .example = "35"),
};
static const struct view task_made_view = VIEW_OF("TaskAndCoins", task_made_rows);

static const struct view_row refund_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("refundedAmount", WHOLE, .help = "Coins back for open slots", .example = "10"),
};
const struct view refund_view = VIEW_OF("Refund", refund_rows);

static const struct view_row top_worker_rows[] = {
	MEMBER("_id", ID),
	MEMBER("name", TEXT),
	MEMBER("photoURL", TEXT, .flags = VIEW_ALWAYS),
	MEMBER("coins", WHOLE, .flags = VIEW_ALWAYS, .example = "310"),
};
const struct view top_workers_view = VIEW_OF("TopWorker", top_worker_rows);

/* ---- reading ---- */

static enum err tasks_list(struct request *rq)
{
	struct list list;
	enum err err = task_list_open(call_of(rq), rq->query_input, &list);

	return err == OK ? respond_page(rq, &list) : err;
}

static enum err tasks_get(struct request *rq)
{
	const bson_t *task;
	enum err err = task_read(call_of(rq), &rq->ids[0], &task);

	if (err == OK)
		respond_record(rq, task);
	return err;
}

struct counted_page {
	struct task_counts counts;
	struct kept_rows rows;
};

static void count_row(void *context, const bson_t *doc, const char *text, size_t length)
{
	struct counted_page *page = context;

	task_counts_add(&page->counts, doc);
	kept_rows_add(&page->rows, text, length);
}

/* The counts of a page's tasks are read in one go, once the page is known. */
enum err tasks_counted(struct request *rq, struct call *call, const struct list *list)
{
	struct counted_page *kept = arena_alloc(rq->arena, sizeof *kept);
	struct rows rows = { .rq = rq, .view = &task_view, .take = count_row, .context = kept };
	struct page page;

	kept->rows.arena = rq->arena;
	enum err err = page_run(&rows, list, &page);
	if (err == OK)
		err = task_counts_read(call, &kept->counts);
	if (err != OK)
		return err;
	struct json *json = respond(rq);
	json_array(json, "tasks");
	for (size_t i = 0; i < kept->counts.count; i++) {
		kept_row_open(json, &kept->rows, i);
		json_int(json, "submissionCount", kept->counts.tasks[i].submissions);
		json_int(json, "pendingCount", kept->counts.tasks[i].pending);
		json_end(json);
	}
	json_end(json);
	page_members(json, &page);
	return OK;
}

static enum err tasks_mine(struct request *rq)
{
	struct call *call = call_of(rq);
	struct list list;

	task_list_own(call, &list);
	return tasks_counted(rq, call, &list);
}

static bool worker_row(void *json, const bson_t *worker)
{
	render(json, NULL, &top_workers_view, worker, NULL);
	return true;
}

enum err top_workers(struct request *rq)
{
	return top_workers_each(call_of(rq), worker_row, respond_array(rq));
}

/* ---- changing ---- */

static void respond_task(struct request *rq, const char *message, const bson_t *task,
			 const bson_t *buyer)
{
	struct json *json = respond_about(rq, message, task);

	json_int(json, "remainingCoins", doc_whole(buyer, "coins", 0));
}

static enum err create_plan(struct request *rq, struct txn *txn)
{
	return task_create(call_of(rq), rq->body_input, txn);
}

static void created(struct request *rq, const struct txn *txn)
{
	respond_task(rq, "The task is posted.", txn_inserted(txn, TASKS), txn_found(txn, USERS));
}

static enum err tasks_create(struct request *rq)
{
	return carry_out(rq, create_plan, created);
}

/* Others see a task, too, but have nothing to send back. */
static enum err tasks_shown(struct request *rq, struct json *json)
{
	const bson_t *task;
	enum err err = task_read_own(call_of(rq), &rq->ids[0], &task);

	if (err == OK)
		render_members(json, &task_view, task, &rq->caller);
	return err == ERR_NOT_FOUND || err == ERR_NOT_OWNER ? OK : err;
}

static enum err edit_plan(struct request *rq, struct txn *txn)
{
	struct call *call = call_of(rq);
	const bson_t *task;
	bool sent = false;
	enum err err = task_read_own(call, &rq->ids[0], &task);

	if (err == OK)
		err = if_match(rq, &task_view, task, &sent);
	return err == OK ? task_edit(call, task, rq->body_input, sent, txn) : err;
}

static enum err tasks_edit(struct request *rq)
{
	return carry_out_shown(rq, edit_plan, NULL, TASKS);
}

static enum err slots_plan(struct request *rq, struct txn *txn)
{
	const struct slots_input *input = rq->body_input;

	return task_slots(call_of(rq), &rq->ids[0], input->delta.value, txn);
}

static void slots_changed(struct request *rq, const struct txn *txn)
{
	respond_task(rq, "The slots are changed.", txn_found(txn, TASKS), txn_found(txn, USERS));
}

static enum err tasks_slots(struct request *rq)
{
	const struct slots_input *input = rq->body_input;
	enum err err = carry_out(rq, slots_plan, slots_changed);

	if (err == OK && input->delta.value < 0)
		task_settle(call_of(rq)->db, rq->arena, &rq->ids[0]);
	return err;
}

static enum err cancel_plan(struct request *rq, struct txn *txn)
{
	return task_cancel(call_of(rq), &rq->ids[0], txn);
}

void tasks_cancelled(struct request *rq, const struct txn *txn)
{
	struct json *json = respond_message(rq, "The task is cancelled.");

	json_int(json, "refundedAmount", task_refund(txn_found(txn, TASKS)));
}

static enum err tasks_cancel(struct request *rq)
{
	return carry_out(rq, cancel_plan, tasks_cancelled);
}

static const struct route rows[] = {
	{ GET, "/tasks", ACCESS_OPTIONAL, .query = &task_list_schema, .flags = LISTS | SHARED,
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
	TOP_WORKERS("/tasks/admin/top-workers", ACCESS_PUBLIC),
	TOP_WORKERS("/tasks/top-workers", ACCESS_PUBLIC),
	{ GET, "/tasks/:id", ACCESS_OPTIONAL, .flags = SHARED, .handler = tasks_get,
	  .view = &task_view, .summary = "A task" },
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
};
const struct routes task_routes = ROUTES_OF(rows);
