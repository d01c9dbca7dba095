/*
 * What the row of a call says. The rows stand beside their handlers, in api/.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "auth/role.h"
#include "base/count.h"
#include "base/error.h"
#include "base/turn.h"
#include "json/schema.h"
#include "json/view.h"

#include <stddef.h>

struct json;
struct request;

enum method { METHOD_UNSET = 0, GET, PUT, POST, DELETE };
const char *method_name(enum method method);

/* Who may call. 0 is no value, so that a row that forgets it is noticed at the start. */
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
	SAYS_SUCCESS = 1 << 1, /* refusals have success:false (the /public calls) */
	LISTS = 1 << 2, /* answers a page: total, pages, currentPage, next beside the items */
	ARRAY = 1 << 3, /* answers a plain array of its view's objects */
	/* takes the body as it came, of any content type; the handler reads it */
	RAW_BODY = 1 << 4,
	STREAMS = 1 << 5, /* answers server-sent events, the view's object in each */
	ALWAYS_OPEN = 1 << 6, /* answers even while the data is not adopted */
	/* answers all who are not known alike, by nothing but the address: such answers are made together */
	SHARED = 1 << 7,
};

struct route {
	enum method method;
	const char *path; /* below /api: "/tasks/:id"; each :name stands for a record's id */
	unsigned access;
	const struct schema *query, *body;
	unsigned flags;
	/* For a row that changes a record by its body: writes the members of the record as answers show them to this
	 * caller, or nothing if it is not the caller's. A field of the body with the same value is no change. May be
	 * NULL. */
	enum err (*shown)(struct request *rq, struct json *json);
	/* For a RAW_BODY: the index-th header that may sign it, with a sentence about it; NULL after the last. */
	const char *(*signatures)(size_t index, const char **help);
	enum turn turn; /* the turn that it waits for before it acts */
	enum err (*handler)(struct request *rq); /* does it, and writes the answer */
	int status; /* of a success (route_status()); 0 means 200 */
	const struct view *view; /* the answer's shape, for the OpenAPI document */
	const char *summary; /* one line */
	/* what else a caller should know, for the OpenAPI document; may be NULL */
	const char *about;
	const enum err
		*errors; /* beyond what the pipeline itself can answer, for the OpenAPI document;
				      ends with OK; may be NULL */
};

/* The rows of one resource, or of all. */
struct routes {
	const struct route *rows;
	size_t count;
};
#define ROUTES_OF(array)                                  \
	{                                                 \
		.rows = (array), .count = COUNT_OF(array) \
	}

/* A row's errors in place: .errors = ERRORS(ERR_NOT_OWNER, ERR_CONFLICT) */
#define ERRORS(...) ((const enum err[]){ __VA_ARGS__, OK })

/*
 * Checks the rows when a program starts: NULL, or a sentence about the first row that is wrong. It lacks a method, a
 * path, access, a handler or a view; or says what does not go together, as a GET with a body, an idempotency key where
 * the caller may be unknown, or a list whose view has none; or it has the method and path of an earlier row, or other
 * names for the ids of its path.
 */
const char *routes_check(const struct route *routes, size_t count, char problem[256]);

/*
 * Finds the row for a path (decoded, below /api, no trailing slash). A literal segment wins over a :name. id_texts gets
 * the values of the :names. HEAD finds the row of GET. NULL when there is none; if other methods have rows for the
 * path, *allow lists them then, as "GET, HEAD, OPTIONS" (in the arena). *flags: the flags of all rows of the path, of
 * any method.
 */
const struct route *route_match(const struct route *routes, size_t count, struct arena *arena,
				const char *method, const char *path, const char *id_texts[],
				const char **allow, unsigned *flags);

/* May a caller of that role use it? ACCESS_ANY is also for users with a role that only an older server knew. */
bool route_admits(const struct route *route, enum role role);

/* The status of a success. */
int route_status(const struct route *route);

/* The name of the index-th id in a route's path, without the colon, *length bytes long; NULL when there are fewer. */
const char *route_id_name(const struct route *route, size_t index, size_t *length);

#endif
