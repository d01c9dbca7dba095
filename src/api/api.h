/*
 * The calls. Their functions read an input that has been checked, call the market, and write the answer.
 *
 * routes.c has the table of all calls. Each resource has a file with its inputs, views and functions; this header has
 * what those files share.
 */
#ifndef API_API_H
#define API_API_H

#include "http/app.h"
#include "http/idempotency.h"
#include "http/page.h"
#include "http/render.h"
#include "http/request.h"
#include "http/route.h"
#include "market/market.h"
#include "store/list.h"

extern const struct route api_routes[];
extern const size_t api_route_count;

/* A new call of the market by this request's caller. */
struct call *call_of(struct request *rq);

/* Answers a page of a list: {<key>: […], total, pages, currentPage, next}. The struct of the route's query must begin
 * with a page_query. */
enum err respond_page(struct request *rq, const char *key, const struct list *list,
		      const struct view *view);

/*
 * Writes records into an answer that must not become longer than ANSWER_MAX: each record is written into a buffer
 * first, and taken into the answer if there is room for it.
 */
struct rows {
	struct request *rq;
	/* How a record is written: by this view; or, if it is NULL, by write, as an object without a key. */
	const struct view *view;
	void (*write)(struct request *rq, struct json *json, const bson_t *doc);
	/* Gets the text of each object. NULL: the text goes into the array that is open in the answer. */
	void (*take)(void *context, const bson_t *doc, const char *text, size_t length);
	void *context;
	/* used by rows_add() */
	struct buffer text;
	size_t size;
};
/* A db_row (store/store.h) whose context is a struct rows. False when there is no room for the record. */
bool rows_add(void *rows, const bson_t *doc);
/* To be called when all records are added. */
void rows_end(struct rows *rows);

/* The objects of a page as texts, kept until it is known what has to be added to each. */
struct kept_rows {
	struct arena *arena;
	struct {
		const char *text;
		size_t length;
	} list[LIST_LIMIT_UNPAGED];
	size_t count;
};
void kept_rows_add(struct kept_rows *rows, const char *text, size_t length);
/* Writes the i-th object and leaves it open, so that members can be added. */
void kept_row_open(struct json *json, const struct kept_rows *rows, size_t i);

/* Reads the page of a list that the query asks for. If its `after` is a cursor of another list, that is a fault
 * (400). */
enum err page_run(struct rows *rows, const struct list *list, struct page *page);
/* The two parts of respond_page(), for answers with further members: the items, and the members about the page. */
enum err page_items(struct request *rq, struct json *json, const char *key, const struct list *list,
		    const struct view *view, struct page *page);
void page_members(struct json *json, const struct page *page);

/* Commits the transaction of a row and writes its answer (app.commit). */
enum err commit_request(struct request *rq);

/* OK when no If-Match was sent (*sent is false), or when it has the entity tag of the record as this caller, or the
 * public, gets it. */
enum err if_match(struct request *rq, const struct view *view, const bson_t *record, bool *sent);

#endif
