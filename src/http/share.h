/*
 * The same answer, wanted by several at once, is made once.
 *
 * It is for rows with the flag SHARED, and for requests whose caller is nobody: then the address alone decides what is
 * answered. Whoever finds that nobody makes this answer makes it; those who come meanwhile wait for the next making,
 * which one of them does for all (store/gather.h). So an answer is never older than the request, and nothing is kept
 * once it is given. Who asks for another address waits for nobody.
 */
#ifndef HTTP_SHARE_H
#define HTTP_SHARE_H

#include "http/request.h"
#include "store/gathers.h"

/* For app->shared; gathers_free() releases it. */
struct gathers *share_new(void);

/* May this request's answer be made together with others'? */
bool share_fits(const struct request *rq);

/*
 * Answers rq by make(), in this thread or in that of another request with the same address: status, body, further
 * headers and entity tag are the same then. make() must not look at what makes requests for one address differ, such as
 * If-None-Match or their ids. A failure of ours (5xx) is shared as well, so that not everyone waits for the same
 * outage; any other refusal has a detail for its caller, and each makes its own.
 */
enum err share_answer(struct request *rq, enum err (*make)(struct request *rq));

#endif
