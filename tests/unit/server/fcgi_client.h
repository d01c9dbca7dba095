/* A FastCGI web server's side of a connection, as small as the tests need it. */
#ifndef TESTS_FCGI_CLIENT_H
#define TESTS_FCGI_CLIENT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define CALL_EXTRAS 8

struct call {
	const char *method, *uri; /* not sent when NULL */
	const char *body;
	size_t body_length;
	const char *announced; /* CONTENT_LENGTH; NULL: body_length */
	const char *extras[CALL_EXTRAS]; /* "NAME=value" */
	bool once; /* without keep-alive */
};

/* The records of a request. client_begin() writes all before the body, client_body() a piece of it,
 * client_end() its end; client_request() all three. */
void client_begin(struct buffer *out, const struct call *call);
void client_body(struct buffer *out, const char *bytes, size_t length);
void client_end(struct buffer *out);
void client_request(struct buffer *out, const struct call *call);

/* Sends and forgets what out holds; a peer that is gone is no error. */
void client_send(int fd, struct buffer *out);

/* Reads an answer's STDOUT into text up to its END_REQUEST. false at the end of the connection, or
 * when nothing came for half a minute. */
bool client_read(int fd, struct buffer *text);

/* Has the server closed the connection? Waits up to half a minute for it. */
bool client_sees_end(int fd);
/* The same, and what came before is left unread. */
bool client_sees_hangup(int fd);

/* A call, and its answer's text until the next one; NULL for client_read's false. */
const char *client_call(int fd, const struct call *call);

#endif
