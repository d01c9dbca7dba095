/* The end of a request: how a refusal looks, and what every success carries. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "http/request.h"

/* Writes the error body of the contract, with the faults and the detail that rq holds. */
void answer_refusal(struct request *rq, enum err err);

/* Closes the body and tells caches about it; a GET whose entity tag the client holds becomes a 304. */
void answer_success(struct request *rq);

#endif
