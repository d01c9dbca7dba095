#include "api/api.h"

struct call *call_of(struct request *rq)
{
	struct call *call = arena_alloc(rq->arena, sizeof *call);

	*call = (struct call){
		.arena = rq->arena,
		.db = rq->db,
		.config = rq->app->config,
		.caller = &rq->caller,
		.request_id = rq->request_id,
		.now = rq->now,
		.again = rq->again,
		.detail = &rq->detail,
	};
	return call;
}

/* ---- answers ---- */

static const struct view_row message_rows[] = { MEMBER("message", TEXT) };
const struct view message_view = VIEW_OF("Message", message_rows);

void respond_record(struct request *rq, const bson_t *record)
{
	render_members(respond(rq), rq->route->view, record, &rq->caller);
}

struct json *respond_message(struct request *rq, const char *message)
{
	struct json *json = respond(rq);

	json_text(json, "message", message);
	return json;
}

void render_object(struct request *rq, const bson_t *record)
{
	const struct view_row *object = view_member(rq->route->view, VIEW_OBJECT);

	render(&rq->json, object->field, object->of, record, &rq->caller);
}

struct json *respond_about(struct request *rq, const char *message, const bson_t *record)
{
	struct json *json = respond_message(rq, message);

	render_object(rq, record);
	return json;
}

/* ---- lists ---- */

/* Leaves room for what stands around the records of an answer, and for what is added to each. A single record is
 * shorter (RENDER_MAX), so each page has one. */
#define ROWS_MAX (ANSWER_MAX - 256 * 1024)

static void row_write(struct rows *rows, const bson_t *doc)
{
	struct json json;

	buffer_reset(&rows->text);
	json_start(&json, &rows->text);
	if (rows->write)
		rows->write(rows->rq, &json, doc);
	else
		render(&json, NULL, rows->view, doc, &rows->rq->caller);
}

bool rows_add(void *context, const bson_t *doc)
{
	struct rows *rows = context;

	row_write(rows, doc);
	rows->size += rows->text.length + 1; /* and its comma */
	if (rows->size > ROWS_MAX)
		return false;
	if (rows->take)
		rows->take(rows->context, doc, rows->text.bytes, rows->text.length);
	else
		json_raw(&rows->rq->json, NULL, rows->text.bytes, rows->text.length);
	return true;
}

void rows_end(struct rows *rows)
{
	buffer_free(&rows->text);
}

void kept_rows_add(struct kept_rows *rows, const char *text, size_t length)
{
	rows->list[rows->count].text = arena_copy(rows->arena, text, length);
	rows->list[rows->count++].length = length;
}

void kept_row_open(struct json *json, const struct kept_rows *rows, size_t i)
{
	json_object(json, NULL);
	/* its members, without the brackets: a record always has its id */
	json_raw(json, NULL, rows->list[i].text + 1, rows->list[i].length - 2);
}

enum err page_run(struct rows *rows, const struct list *list, struct page *page)
{
	struct request *rq = rows->rq;
	enum err err = list_run(rq->db, rq->arena, list, rq->query_input, rows_add, rows, page);

	rows_end(rows);
	if (err == ERR_INVALID_INPUT)
		return fail_field(rq, "after", err,
				  "after is not a cursor of this list and order.");
	return err;
}

enum err page_items(struct rows *rows, const struct list *list, struct page *page)
{
	struct json *json = &rows->rq->json;
	const struct view_row *items = view_member(rows->rq->route->view, VIEW_LIST);

	rows->view = items->of;
	json_array(json, items->field);
	enum err err = page_run(rows, list, page);
	json_end(json);
	return err;
}

void page_members(struct json *json, const struct page *page)
{
	json_int(json, "total", page->total);
	json_int(json, "pages", page->pages);
	json_int(json, "currentPage", page->current);
	json_text(json, "next", page->next);
	if (page->approximate)
		json_bool(json, "totalApprox", true);
}

enum err respond_page(struct request *rq, const struct list *list)
{
	struct rows rows = { .rq = rq };
	struct json *json = respond(rq);
	struct page page;
	enum err err = page_items(&rows, list, &page);

	if (err == OK)
		page_members(json, &page);
	return err;
}

enum err respond_list(struct request *rq, void (*fill)(struct call *call, struct list *list))
{
	struct list list;

	fill(call_of(rq), &list);
	return respond_page(rq, &list);
}

/* ---- If-Match ---- */

static bool tag_listed(struct request *rq, const struct view *view, const bson_t *record,
		       const struct caller *viewer)
{
	struct buffer body = { 0 };
	struct json json;
	char tag[24];

	json_start(&json, &body);
	render(&json, NULL, view, record, viewer);
	request_etag(body.bytes, body.length, tag);
	buffer_free(&body);
	return request_etag_listed(rq->if_match, tag);
}

enum err if_match(struct request *rq, const struct view *view, const bson_t *record, bool *sent)
{
	struct caller anyone = { 0 };

	*sent = rq->if_match != NULL;
	if (!*sent || tag_listed(rq, view, record, &rq->caller) ||
	    tag_listed(rq, view, record, &anyone))
		return OK;
	return ERR_PRECONDITION_FAILED;
}
