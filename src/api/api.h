/*
 * The calls. Their functions read an input that has been checked, call the market, and write the answer.
 *
 * Each resource has a file with its inputs, views, handlers and the rows of its calls; routes.c joins the rows. This
 * header has what those files share.
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

/* The resources, in the order in which the documents tell of them; the rows of each stand beside their handlers. */
/* clang-format off */
#define EACH_RESOURCE(X) \
	X(health) \
	X(auth) \
	X(google) \
	X(account) \
	X(task) \
	X(submission) \
	X(review) \
	X(withdrawal) \
	X(notification) \
	X(stream) \
	X(purchase) \
	X(payment) \
	X(stats) \
	X(admin) \
	X(audit) \
	X(public)
/* clang-format on */

#define RESOURCE_DECLARE(name) extern const struct routes name##_routes;
EACH_RESOURCE(RESOURCE_DECLARE)

/* All of them. To be called before there are threads. */
struct routes api_routes(void);

/* A user, as they and admins see them; {users: 3, submissions: 1}, how many records of each collection are not adopted
 * yet (store/mark.h); {message}. */
extern const struct view user_view, unadopted_view, message_view;
/* What an operator sends to correct a balance, also by microtaskctl. */
extern const struct schema adjust_schema;

/* A new call of the market by this request's caller. */
struct call *call_of(struct request *rq);

/*
 * Answer in the shape of the view of the request's row. respond_record(): the record. respond_message(): a message, to
 * which members may be added. respond_about(): a message, and the record as the view's member that is an object.
 */
void respond_record(struct request *rq, const bson_t *record);
struct json *respond_message(struct request *rq, const char *message);
struct json *respond_about(struct request *rq, const char *message, const bson_t *record);
/* Writes that member of the view alone. */
void render_object(struct request *rq, const bson_t *record);

/* Answers a page of a list: {<key>: […], total, pages, currentPage, next}, where the view of the request's row tells
 * the key and what the items show. The struct of the row's query must begin with a page_query. */
enum err respond_page(struct request *rq, const struct list *list);
/* The same of a list that the market fills in. */
enum err respond_list(struct request *rq, void (*fill)(struct call *call, struct list *list));

/*
 * Writes records into an answer that must not become longer than ANSWER_MAX: each record is written into a buffer
 * first, and taken into the answer if there is room for it.
 */
struct rows {
	struct request *rq;
	/* How a record is written, as an object without a key: by this view, or by write if that is set. */
	const struct view *view;
	void (*write)(struct request *rq, struct json *json, const bson_t *doc);
	/* Gets the text of each object. NULL: the text goes into the array that is open in the answer. */
	void (*take)(void *context, const bson_t *doc, const char *text, size_t length);
	void *context;
	/* rows_add() alone uses these */
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
/* The two parts of respond_page(), for answers with further members: the items, and the members about the page. rows
 * need not say how a record is written. */
enum err page_items(struct rows *rows, const struct list *list, struct page *page);
void page_members(struct json *json, const struct page *page);

/*
 * Changes something: plans a transaction, commits it, and answers. The plan may run several times, with rq->caller read
 * anew, so what must not be repeated, such as asking another service, stands before this in the handler. The answer is
 * written inside the transaction, from what its steps found, so that an idempotency key keeps the very text. What need
 * not be part of the transaction comes after this; if the process dies before that, the sweep must do it.
 */
typedef enum err (*plain_plan)(struct request *rq, struct txn *txn);
typedef void (*plain_answer)(struct request *rq, const struct txn *txn);
enum err carry_out(struct request *rq, plain_plan plan, plain_answer answer);

/* The same, answered by the record that the transaction found in a collection, with a message unless that is NULL; or
 * by a message alone. */
enum err carry_out_shown(struct request *rq, plain_plan plan, const char *message,
			 enum collection in);
enum err carry_out_told(struct request *rq, plain_plan plan, const char *message);

/* The same for a plan and an answer that also need what was found out before, or leave something for what follows. */
typedef enum err (*change_plan)(struct request *rq, struct txn *txn, void *context);
typedef void (*change_answer)(struct request *rq, const struct txn *txn, void *context);
enum err carry_out_with(struct request *rq, change_plan plan, change_answer answer, void *context);

/* OK when no If-Match was sent (*sent is false), or when it has the entity tag of the record as this caller, or the
 * public, gets it; else ERR_PRECONDITION_FAILED. */
enum err if_match(struct request *rq, const struct view *view, const bson_t *record, bool *sent);

#endif
