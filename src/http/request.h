/*
 * A request on its way through the pipeline, and the answer being written.
 *
 * Texts and structs here live until the request's arena is reset, after the answer was sent.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "auth/caller.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "json/json_out.h"
#include "json/schema.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct claim;
struct db;
struct route;

/* The largest body that is read. No input needs as much: the longest text has 20,000 characters. */
#define REQUEST_BODY_MAX (1024 * 1024)
/* The longest answer. What a list has beyond it comes with its next page. */
#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define REQUEST_IDS_MAX 2
#define REQUEST_ETAG_SIZE 24

struct request {
	/* filled by whoever received the request (server/worker.c); absent texts are NULL */
	struct arena *arena;
	const char *method; /* as sent: "GET" */
	const char *uri; /* as sent: path, maybe ? and a query, undecoded */
	const char *content_type, *content_encoding;
	const char *authorization, *if_match, *if_none_match, *idempotency_key;
	const char *address; /* the client's, as nginx saw it */
	const char *request_id; /* never NULL */
	char *const *params; /* "NAME=value", NULL-terminated; NULL: none */
	const char *body; /* not always NUL-terminated; NULL when empty */
	size_t body_length;
	bool body_too_large; /* more than REQUEST_BODY_MAX was announced or sent; body is NULL */
	struct app *app; /* what all requests share (http/app.h) */
	struct db *db; /* of the thread that serves it */

	/* filled by the pipeline, in this order */
	int64_t now; /* when it began (clock_now()); all that the call does has this time */
	int64_t started_us;
	const char *path, *query; /* below /api, no trailing slash; query without '?', or NULL */
	const struct route *route;
	unsigned path_flags; /* of all rows of the path, also when none has the method */
	const char *id_texts[REQUEST_IDS_MAX];
	struct id ids[REQUEST_IDS_MAX]; /* of the path's :names, in order */
	struct caller caller;
	const void *query_input, *body_input; /* structs of the route's schemas; NULL without one */
	struct faults faults;
	struct err_detail detail;
	/* of the idempotency key; NULL: no key, or one that has its answer already */
	struct claim *claim;
	bool again; /* its transaction is planned once more, as a guard failed */
	const bson_t *noted; /* what an earlier call with the key did; NULL: nothing */

	/* the answer */
	int status;
	struct json json;
	struct buffer out; /* the body */
	struct buffer headers; /* further header lines, each ending in CRLF */
	char etag[REQUEST_ETAG_SIZE]; /* of the body, where it is known already; else empty */
	bool replayed; /* the answer is the one that was kept for the key */
};

/* Empties it for the next request of the same thread, and keeps the memory. */
void request_reset(struct request *rq);

/* A new id for a request that came without one: 32 hex digits. */
const char *request_id_new(struct arena *arena);

/* A header by its name, such as "Accept-Language", for what only some rows need; NULL when it is absent or empty. */
const char *request_header(const struct request *rq, const char *name);

/* Starts the answer, with the status of the request's row and an open JSON object (respond) or array (respond_array).
 * Drops what was written before. The pipeline closes what is still open at the end. */
struct json *respond(struct request *rq);
struct json *respond_array(struct request *rq);
/* As respond(), with another status. */
struct json *respond_status(struct request *rq, int status);

/* Adds a header line. The value must not come from a client. */
void respond_header(struct request *rq, const char *name, const char *value);

/* Fails with this sentence instead of the error's own. Returns err. */
enum err fail(struct request *rq, enum err err, const char *sentence);
/* Fails with an error about one field. Returns err. */
enum err fail_field(struct request *rq, const char *field, enum err err, const char *sentence);

/* The weak entity tag of a body: W/"<16 hex digits>". */
void request_etag(const char *body, size_t length, char out[REQUEST_ETAG_SIZE]);

/* Does an If-Match or If-None-Match header list this tag, or all with "*"? A weak tag equals the strong one. */
bool request_etag_listed(const char *header, const char *etag);

#endif
