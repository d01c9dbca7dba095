/* From a request to an open stream: who asks, and what did they miss? */
#ifndef STREAMS_ADMISSION_H
#define STREAMS_ADMISSION_H

#include "streams/loop.h"

struct evhttp_request;

/* Answers the request, now or later: a stream, or a refusal of the contract's shape. */
void admission_begin(struct loop *loop, struct evhttp_request *request);

#endif
