/* Tickets for /notifications/stream (contract section 8). The streams themselves are served by microtask-events. */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "http/request.h"
#include "http/route.h"

extern const struct view ticket_view;

enum err stream_ticket(struct request *rq);
/* Answers a stream that the web server sent to a worker by mistake: ERR_NOT_CONFIGURED. */
enum err stream_elsewhere(struct request *rq);

#endif
