/*
 * CGI, as FastCGI carries it: parameters in, the head of an answer out.
 */
#ifndef HTTP_CGI_H
#define HTTP_CGI_H

#include "http/request.h"

/*
 * Fills rq from the entries "NAME=value" of a NULL-terminated array, whose texts rq points to from then on. *announced
 * is the length of the body as its header says it. With BODY_REFUSED=1 the web server says that the body was too large
 * and is not passed on, whatever length was announced. Returns false when the request cannot be served at all: it has
 * no method or no URI (logged, as the web server is set up wrongly), or its length is not a number.
 */
bool cgi_read_params(struct request *rq, char *const entries[], size_t *announced);

/* Writes the header lines of the answer, and the empty line after them. */
void cgi_write_head(struct buffer *head, const struct request *rq);

/* Is a body sent? Not with HEAD, 204 or 304. */
bool cgi_sends_body(const struct request *rq);

#endif
