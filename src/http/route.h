/*
 * Routes as data: one row a call. The table itself is api/routes.c; nothing else knows a path.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/caller.h"
#include "base/error.h"
#include "base/turn.h"
#include "json/schema.h"
#include "json/view.h"

#include <stddef.h>

struct txn;
struct json;
struct request;

enum method { METHOD_UNSET = 0, GET, PUT, POST, DELETE };
const char *method_name(enum method method);

/* Who may call. 0 is not a value: a row that forgets it does not start. */
enum access {
	ACCESS_WORKER = ROLE_WORKER,
	ACCESS_BUYER = ROLE_BUYER,
	ACCESS_ADMIN = ROLE_ADMIN,
	ACCESS_ANY = ROLE_WORKER | ROLE_BUYER | ROLE_ADMIN, /* whoever has a good token */
	ACCESS_PUBLIC = 1 << 8, /* anyone; a token is not looked at */
	ACCESS_OPTIONAL = 1 << 9, /* anyone; a good token tells who, a bad one is ignored */
};

enum route_flag {
	IDEMPOTENT = 1 << 0, /* honours Idempotency-Key */
	SAYS_SUCCESS = 1 << 1, /* its errors carry success:false (the /public calls) */
	LISTS = 1 << 2, /* answers a page: total, pages, currentPage, next beside the items */
	ARRAY = 1
		<< 3, /* answers a plain array of its view's objects, as for every view that is_list */
	RAW_BODY =
		1 << 4, /* takes the body as it came, of any content type; the handler reads it */
	STREAMS = 1 << 5, /* answers server-sent events, the view's object in each */
	ALWAYS_OPEN = 1 << 6, /* answers also while the data is not adopted */
};

/*
 * A row either reads (handler writes the answer) or changes (change builds the transaction, the pipeline commits
 * it, answer writes what came of it, inside the transaction so that an idempotency key keeps the same text).
 * What a change needs that no transaction can hold, as another service's doing, is done by before, once, while
 * change may run again; it leaves what it found in rq->work.
 * What follows from a change and need not be part of it is done by after, outside the transaction.
 */
struct route {
	enum method method;
	const char *path; /* below /api: "/tasks/:id"; each :name stands for a record's id */
	unsigned access;
	const struct schema *query, *body;
	unsigned flags;
	/* Of a row that changes a record by its body: writes that record's members as an answer shows them to this caller,
	 * or nothing where it is not the caller's. What is sent back the same is no change. May be NULL. */
	enum err (*shown)(struct request *rq, struct json *json);
	/* Of a RAW_BODY: the headers of which one signs it, by index, each with a sentence about it. NULL is after the last. */
	const char *(*signatures)(size_t index, const char **help);
	enum turn turn; /* what it waits for before it acts; TURN_NONE: nothing scarce */
	enum err (*handler)(struct request *rq);
	enum err (*before)(struct request *rq); /* may be NULL */
	enum err (*change)(struct request *rq, struct txn *txn);
	void (*answer)(struct request *rq, const struct txn *txn);
	/* Once it has happened. A crash before it must be healed by the sweep. May be NULL. */
	void (*after)(struct request *rq, const struct txn *txn);
	int status; /* of success; 0: 200 */
	const struct view *view; /* the answer's shape, for the OpenAPI document */
	const char *summary; /* one line */
	const char
		*about; /* what else a caller should know, for the OpenAPI document; may be NULL */
	const enum err
		*errors; /* beyond what the pipeline itself can answer, for the OpenAPI document;
				      ends with OK; may be NULL */
};

/* A row's errors in place: .errors = ERRORS(ERR_NOT_OWNER, ERR_CONFLICT) */
#define ERRORS(...) ((const enum err[]){ __VA_ARGS__, OK })

/* NULL, or a sentence about the first row that must not start: no access, neither or both of handler and change, a
 * change without answer, a before or after without change, a shown without body and change, a GET with a body, a raw
 * body with a schema, a signature of any other body, an idempotency key where no caller is known, a view of too many
 * rows, the same method and path twice, one path with its ids called otherwise, more :names than REQUEST_IDS_MAX. */
const char *routes_check(const struct route *routes, size_t count, char problem[256]);

/*
 * Finds the row for a path (decoded, below /api, no trailing slash). A literal segment wins over a :name. On a
 * match id_texts holds the :names' values. No row for the path: NULL. Rows for the path but not the method:
 * NULL with *allow set to "GET, HEAD, OPTIONS" (arena).
 * For HEAD the rows of GET count. *flags: those of all rows of the path, whichever method.
 */
const struct route *route_match(const struct route *routes, size_t count, struct arena *arena,
				const char *method, const char *path, const char *id_texts[],
				const char **allow, unsigned *flags);

/* May a caller of that role use it? What is for any is also for those of a role that an older server made up. */
bool route_admits(const struct route *route, enum role role);

/* The name in a route's path of its index-th id, length bytes without the colon; NULL when there are fewer. */
const char *route_id_name(const struct route *route, size_t index, size_t *length);

#endif
