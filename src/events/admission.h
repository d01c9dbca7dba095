/* From a request to an open stream: who asks, and what did they miss? */
#ifndef EVENTS_ADMISSION_H
#define EVENTS_ADMISSION_H

#include "events/hall.h"

struct evhttp_request;

/* Answers the request, now or later: a stream, or a refusal of the contract's shape. */
void admission_begin(struct hall *hall, struct evhttp_request *request);

#endif
