/* The end of a request: the body of a refusal, and what every success gets beside its body. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "http/request.h"

/* Writes the body of a refusal, with the faults and the detail that rq holds. */
void answer_refusal(struct request *rq, enum err err);

/* Closes the body and adds the headers for caches. A GET whose entity tag the client has already becomes a 304. */
void answer_success(struct request *rq);

#endif
