/*
 * CGI, as FastCGI carries it: parameters in, the head of an answer out.
 */
#ifndef HTTP_CGI_H
#define HTTP_CGI_H

#include "http/request.h"

/*
 * Fills rq from the entries "NAME=value" of a NULL-terminated array, whose texts rq then points to,
 * and tells the body's announced length. BODY_REFUSED=1 says that the web server kept back a body
 * that is too large: none comes, whatever was announced. false when the request cannot be served at all: no method
 * or no URI (logged: the web server is set up wrongly), or a length that is none.
 */
bool cgi_read_params(struct request *rq, char *const entries[], size_t *announced);

/* The answer's lines up to the empty one. */
void cgi_write_head(struct buffer *head, const struct request *rq);

/* Is the answer's body sent? Not to HEAD, not with 204 and 304. */
bool cgi_sends_body(const struct request *rq);

#endif
