#include "api/public.h"

#include "api/api.h"
#include "market/task_lists.h"
#include "market/tasks.h"
#include "store/doc.h"

static const struct view_row public_buyer_rows[] = {
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL },
	{ "name", VIEW_TEXT, 0, NULL, NULL, NULL },
};
static const struct view public_buyer_view = { .name = "PublicBuyer",
					       .rows = public_buyer_rows,
					       .count = COUNT_OF(public_buyer_rows) };
#define MEMBERS                                                                                    \
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL }, { "task_title", VIEW_TEXT, 0, NULL, NULL, NULL }, \
		{ "task_detail", VIEW_TEXT, 0, NULL, NULL, NULL },                                 \
		{ "required_workers", VIEW_WHOLE, VIEW_ALWAYS, NULL, "Slots still open", "3" },    \
		{ "payable_amount", VIEW_WHOLE, VIEW_ALWAYS, NULL, "Coins a submission", "5" },    \
		{ "completion_date", VIEW_DATE, 0, NULL, NULL, NULL },                             \
		{ "submission_info", VIEW_TEXT, 0, NULL, NULL, NULL },                             \
		{ "task_image_url", VIEW_TEXT, VIEW_ALWAYS, NULL, NULL, NULL },                    \
		{ "category", VIEW_TEXT, VIEW_ALWAYS, NULL, NULL, NULL },                          \
		{ "buyer_name", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },                      \
		{ "status", VIEW_TEXT, 0, NULL, "active or completed", "\"active\"" },             \
		{ "createdAt", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL },                       \
	{                                                                                          \
		"updatedAt", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL                            \
	}

/* What is rendered from the record; its buyer_id is written by hand, as an object. */
static const struct view_row public_members_rows[] = { MEMBERS };
static const struct view public_members_view = { .name = "PublicTaskMembers",
						 .rows = public_members_rows,
						 .count = COUNT_OF(public_members_rows) };
static const struct view_row public_task_rows[] = {
	MEMBERS,
	{ "buyer_id", VIEW_OBJECT, VIEW_OPTIONAL, &public_buyer_view, NULL, NULL },
};
static const struct view public_task_view = { .name = "PublicTask",
					      .rows = public_task_rows,
					      .count = COUNT_OF(public_task_rows) };
static const struct view_row public_list_rows[] = {
	{ "success", VIEW_BOOL, 0, NULL, NULL, "true" },
	{ "tasks", VIEW_LIST, 0, &public_task_view, NULL, NULL },
	{ "page", VIEW_WHOLE, 0, NULL, NULL, "1" },
};
const struct view public_list_view = { .name = "PublicTaskPage",
				       .rows = public_list_rows,
				       .count = COUNT_OF(public_list_rows) };
static const struct view_row public_answer_rows[] = {
	{ "success", VIEW_BOOL, 0, NULL, NULL, "true" },
	{ "task", VIEW_OBJECT, 0, &public_task_view, NULL, NULL },
};
const struct view public_task_answer_view = { .name = "PublicTaskAnswer",
					      .rows = public_answer_rows,
					      .count = COUNT_OF(public_answer_rows) };
static const struct view_row public_worker_rows[] = {
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL },
	{ "name", VIEW_TEXT, 0, NULL, NULL, NULL },
	{ "photoURL", VIEW_TEXT, VIEW_ALWAYS, NULL, NULL, NULL },
	{ "coins", VIEW_WHOLE, VIEW_ALWAYS, NULL, NULL, "310" },
	{ "role", VIEW_TEXT, 0, NULL, NULL, "\"worker\"" },
};
static const struct view public_worker_view = { .name = "PublicWorker",
						.rows = public_worker_rows,
						.count = COUNT_OF(public_worker_rows) };
static const struct view_row public_workers_rows[] = {
	{ "success", VIEW_BOOL, 0, NULL, NULL, "true" },
	{ "workers", VIEW_LIST, 0, &public_worker_view, NULL, NULL },
};
const struct view public_workers_view = { .name = "PublicWorkers",
					  .rows = public_workers_rows,
					  .count = COUNT_OF(public_workers_rows) };

static void public_task_write(struct json *json, const char *key, const bson_t *task)
{
	struct id buyer;

	json_object(json, key);
	render_members(json, &public_members_view, task, NULL);
	if (doc_id(task, "buyer_id", &buyer)) {
		json_object(json, "buyer_id");
		json_id(json, "_id", &buyer);
		json_text(json, "name", doc_text(task, "buyer_name"));
		json_end(json);
	}
	json_end(json);
}

static bool public_row(void *context, const bson_t *doc)
{
	public_task_write(context, NULL, doc);
	return true;
}

enum err public_tasks(struct request *rq)
{
	struct call *call = call_of(rq);
	struct json *json = respond(rq, 200);
	struct page page;
	struct list list;
	enum err err = task_list_open(call, rq->query_input, &list);

	if (err != OK)
		return err;
	list.limit_default = 6;
	list.name = arena_printf(rq->arena, "public %s", list.name);
	json_bool(json, "success", true);
	json_array(json, "tasks");
	err = page_run(rq, &list, public_row, json, &page);
	json_end(json);
	json_int(json, "page", page.current);
	page_members(json, &page);
	return err;
}

enum err public_task(struct request *rq)
{
	const bson_t *task;
	enum err err = task_read(call_of(rq), &rq->ids[0], &task);

	if (err != OK)
		return err;
	struct json *json = respond(rq, 200);
	json_bool(json, "success", true);
	public_task_write(json, "task", task);
	return OK;
}

static bool worker_row(void *json, const bson_t *worker)
{
	render(json, NULL, &public_worker_view, worker, NULL);
	return true;
}

enum err public_top_workers(struct request *rq)
{
	struct json *json = respond(rq, 200);

	json_bool(json, "success", true);
	json_array(json, "workers");
	return top_workers_each(call_of(rq), worker_row, json);
}
