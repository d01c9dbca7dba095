/*
 * The calls: handlers that read a checked input, call the market, and write the answer.
 *
 * routes.c has the one table; a file per resource has its inputs, views and handlers. What they share is here.
 */
#ifndef API_API_H
#define API_API_H

#include "auth/password.h"
#include "base/config.h"
#include "http/page.h"
#include "http/pipeline.h"
#include "http/request.h"
#include "http/route.h"
#include "market/market.h"
#include "store/list.h"
#include "store/render.h"

/* What the handlers of a process share. */
struct app {
	const struct config *config;
	struct store *store;
	struct password_semaphore *semaphore;
	struct google_keys *google;
};

/* What a thread has: rq->thread. */
struct thread {
	const struct app *app;
	struct db *db;
	bool adopted; /* the data was seen to be adopted */
};

/* fcgi_server's start and stop; context is the struct app. */
void *thread_start(void *app);
void thread_stop(void *thread);

extern const struct route api_routes[];
extern const size_t api_route_count;
/* The pipeline over api_routes. */
extern const struct service api_service;

const struct app *app_of(const struct request *rq);
/* A new call upon the market by this request's caller. */
struct call *call_of(struct request *rq);

/* Answers a page of a list: {<key>: […], total, pages, currentPage, next}. The route's query struct begins with a
 * page_query. */
enum err respond_page(struct request *rq, const char *key, const struct list *list,
		      const struct view *view);

/*
 * How records become an answer that is never longer than ANSWER_MAX: each is written aside, and taken if there is room
 * for it.
 */
struct rows {
	struct request *rq;
	/* How a record is written; NULL: by write, as an object under no key. */
	const struct view *view;
	void (*write)(struct request *rq, struct json *json, const bson_t *doc);
	/* Takes the text of an object; NULL: it goes into the array that is open in the answer. */
	void (*take)(void *context, const bson_t *doc, const char *text, size_t length);
	void *context;
	/* of rows_add() */
	struct buffer text;
	size_t size;
};
/* A db_row upon struct rows; false when there is no more room. */
bool rows_add(void *rows, const bson_t *doc);
/* Once all are added. */
void rows_end(struct rows *rows);

/* The texts of a page's rows, kept until it is known what is to be added to each. */
struct kept_rows {
	struct arena *arena;
	struct {
		const char *text;
		size_t length;
	} list[LIST_LIMIT_UNPAGED];
	size_t count;
};
void kept_rows_add(struct kept_rows *rows, const char *text, size_t length);
/* Writes a row's object, which stays open for what is to be added. */
void kept_row_open(struct json *json, const struct kept_rows *rows, size_t i);

/* Runs the list with the page that the query asks for; a cursor of another list is a fault of `after`. */
enum err page_run(struct rows *rows, const struct list *list, struct page *page);
/* The parts, for answers that say more: the items, then the members about the page. */
enum err page_items(struct request *rq, struct json *json, const char *key, const struct list *list,
		    const struct view *view, struct page *page);
void page_members(struct json *json, const struct page *page);

/* Commits the transaction of a changing row and writes its answer (the pipeline's hook). */
enum err commit_request(struct request *rq);
/* Claims, recalls and releases an idempotency key (the pipeline's hooks). */
enum err claim_request(struct request *rq);
enum err recall_request(struct request *rq, bool own);
void release_request(struct request *rq);

/*
 * For a call of several transactions under one idempotency key: the parts that are done are noted with the key, by
 * the id of their record, so that whoever repeats the call after a crash, or after an answer that left it open, goes
 * on from there.
 */
/* Adds the note to the part's transaction, if there is a key. */
void request_note(struct request *rq, const struct id *id, struct txn *txn);
/* Was this part done before; which was done last? */
bool request_noted(const struct request *rq, const struct id *id);
bool request_noted_last(const struct request *rq, struct id *id);
/* What was done came to nothing: if the call fails now, its key is given back as for any other. */
void request_undone(struct request *rq);
/* Keeps the answer as it stands in rq for the key, if there is one. */
enum err complete_request(struct request *rq);

/* OK when If-Match was not sent, or names the record as this caller (or the public) gets it; *sent tells which. */
enum err if_match(struct request *rq, const struct view *view, const bson_t *record, bool *sent);

#endif
