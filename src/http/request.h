/*
 * A request on its way through the pipeline, and the answer being written.
 *
 * Texts and structs here live until the request's arena is reset, after the answer was sent.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/caller.h"
#include "base/error.h"
#include "json/json_out.h"
#include "json/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct route;

/* The largest body taken: far above any input of the contract (20,000 characters of text). */
#define REQUEST_BODY_MAX (1024 * 1024)
/* The longest answer: what a list has more goes to its next page. */
#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define REQUEST_IDS_MAX 2

struct request {
	/* filled by the transport; absent texts are NULL */
	struct arena *arena;
	const char *method; /* as sent: "GET" */
	const char *uri; /* as sent: path, maybe ? and a query, undecoded */
	const char *content_type, *content_encoding;
	const char *authorization, *if_match, *if_none_match, *idempotency_key;
	const char *address; /* the client's, as nginx saw it */
	const char *request_id; /* never NULL */
	char *const *params; /* "NAME=value" each, then NULL; NULL: there are none */
	const char *body; /* not NUL-terminated by promise; NULL when empty */
	size_t body_length;
	bool body_too_large; /* more than REQUEST_BODY_MAX was announced or sent; body is NULL */
	void *thread; /* what the program gave this thread; handlers reach the market through it */

	/* filled by the pipeline, in this order */
	int64_t now; /* wall clock at the start; the one "now" of the request */
	int64_t started_us;
	const char *path, *query; /* below /api, no trailing slash; query without '?', or NULL */
	const struct route *route;
	unsigned path_flags; /* of the rows of the path, also where none has the method */
	const char *id_texts[REQUEST_IDS_MAX];
	struct id ids[REQUEST_IDS_MAX]; /* of the path's :names, in order */
	struct caller caller;
	const void *query_input, *body_input; /* structs of the route's schemas; NULL without one */
	struct faults faults;
	struct err_detail detail;
	void *claim; /* of the idempotency key, owned by those who claim; NULL without a key */
	void *work; /* what the row's before left for its change and answer */
	const void *noted; /* parts that a dead claimant had done (bson_t *); NULL: none */

	/* the answer */
	int status;
	struct json json;
	struct buffer out; /* the body */
	struct buffer headers; /* further header lines, each ending in CRLF */
	bool replayed; /* the answer is a kept one */
};

/* Forgets one request and makes ready for the next on the same thread; keeps the memory. */
void request_reset(struct request *rq);

/* An id for a request that came without one: 32 hex digits. */
const char *request_id_new(struct arena *arena);

/* A header that only some rows know, by its name, as "Accept-Language"; NULL when it is absent or empty. */
const char *request_header(const struct request *rq, const char *name);

/* Starts the answer: the status and an open JSON object (respond) or array (respond_array). What was written
 * before is dropped. Open levels are closed by the pipeline. */
struct json *respond(struct request *rq, int status);
struct json *respond_array(struct request *rq, int status);

/* Adds a header line; value must not come from a client. */
void respond_header(struct request *rq, const char *name, const char *value);

/* Fails with a sentence of its own instead of the error's. */
enum err fail(struct request *rq, enum err err, const char *sentence);
/* Fails with 400 about one field. */
enum err fail_field(struct request *rq, const char *field, enum err err, const char *sentence);

/* The weak entity tag of a body: W/"<16 hex digits>". */
#define REQUEST_ETAG_SIZE 24
void request_etag(const char *body, size_t length, char out[REQUEST_ETAG_SIZE]);

/* Does an If-Match or If-None-Match header name the tag, or every one with "*"? Weak tags equal strong ones. */
bool request_etag_listed(const char *header, const char *etag);

#endif
