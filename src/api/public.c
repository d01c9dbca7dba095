#include "api/api.h"

#include "api/tasks.h"
#include "market/task_lists.h"
#include "market/tasks.h"
#include "store/doc.h"

static const struct view_row buyer_rows[] = {
	MEMBER("_id", ID),
	MEMBER("name", TEXT),
};
static const struct view buyer_view = VIEW_OF("PublicBuyer", buyer_rows);
static const struct view_row public_task_rows[] = {
	MEMBER("buyer_id", OBJECT, .flags = VIEW_OPTIONAL, .of = &buyer_view),
};
static const struct view public_task_view =
	VIEW_OF("PublicTask", public_task_rows, .base = &task_members_view);
static const struct view_row list_rows[] = {
	MEMBER("success", BOOL, .example = "true"),
	MEMBER("tasks", LIST, .of = &public_task_view),
	MEMBER("page", WHOLE, .example = "1"),
};
static const struct view list_view = VIEW_OF("PublicTaskPage", list_rows);
static const struct view_row answer_rows[] = {
	MEMBER("success", BOOL, .example = "true"),
	MEMBER("task", OBJECT, .of = &public_task_view),
};
static const struct view answer_view = VIEW_OF("PublicTaskAnswer", answer_rows);
static const struct view_row worker_rows[] = {
	MEMBER("role", TEXT, .known = role_names, .example = "\"worker\""),
};
static const struct view worker_view =
	VIEW_OF("PublicWorker", worker_rows, .base = &top_workers_view);
static const struct view_row workers_rows[] = {
	MEMBER("success", BOOL, .example = "true"),
	MEMBER("workers", LIST, .of = &worker_view),
};
static const struct view workers_view = VIEW_OF("PublicWorkers", workers_rows);

static void public_task_write(struct json *json, const char *key, const bson_t *task)
{
	struct id buyer;

	json_object(json, key);
	render_members(json, &task_members_view, task, NULL);
	if (doc_id(task, "buyer_id", &buyer)) {
		json_object(json, "buyer_id");
		json_id(json, "_id", &buyer);
		render_field(json, "name", task, "buyer_name");
		json_end(json);
	}
	json_end(json);
}

static void public_row(struct request *rq, struct json *json, const bson_t *doc)
{
	(void)rq;
	public_task_write(json, NULL, doc);
}

static enum err public_tasks(struct request *rq)
{
	struct call *call = call_of(rq);
	struct rows rows = { .rq = rq, .write = public_row };
	struct json *json = respond(rq);
	struct page page;
	struct list list;
	enum err err = task_list_open(call, rq->query_input, &list);

	if (err != OK)
		return err;
	list.limit_default = 6;
	list.name = LIST_NAME(rq->arena, "public", list.name);
	json_bool(json, "success", true);
	err = page_items(&rows, &list, &page);
	json_int(json, "page", page.current);
	page_members(json, &page);
	return err;
}

static enum err public_task(struct request *rq)
{
	const bson_t *task;
	enum err err = task_read(call_of(rq), &rq->ids[0], &task);

	if (err != OK)
		return err;
	struct json *json = respond(rq);
	json_bool(json, "success", true);
	public_task_write(json, "task", task);
	return OK;
}

static bool worker_row(void *json, const bson_t *worker)
{
	render(json, NULL, &worker_view, worker, NULL);
	return true;
}

static enum err public_top_workers(struct request *rq)
{
	struct json *json = respond(rq);

	json_bool(json, "success", true);
	json_array(json, "workers");
	return top_workers_each(call_of(rq), worker_row, json);
}

static const struct route rows[] = {
	{ GET, "/public/tasks", ACCESS_PUBLIC, .query = &task_list_schema,
	  .flags = LISTS | SAYS_SUCCESS | SHARED, .handler = public_tasks, .view = &list_view,
	  .summary = "Open tasks, six a page" },
	{ GET, "/public/tasks/:id", ACCESS_PUBLIC, .flags = SAYS_SUCCESS | SHARED,
	  .handler = public_task, .view = &answer_view, .summary = "A task" },
	{ GET, "/public/top-workers", ACCESS_PUBLIC, .flags = SAYS_SUCCESS | SHARED,
	  .handler = public_top_workers, .view = &workers_view,
	  .summary = "The six workers with most coins" },
};
const struct routes public_routes = ROUTES_OF(rows);
