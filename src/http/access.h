/* Who asks, and may they? */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include "http/request.h"

/* Fills rq->caller, as the row's access demands. ERR_UNAUTHORIZED (rq->caller.id may still tell whose token it was),
 * ERR_TOKEN_EXPIRED, ERR_UNAVAILABLE. */
enum err access_identify(struct request *rq);

/* May the caller make this call? OK or ERR_FORBIDDEN. */
enum err access_admit(struct request *rq);

/* Reads the caller anew, for a transaction that is planned once more, and asks whether they may still do it. */
enum err access_again(struct request *rq);

#endif
