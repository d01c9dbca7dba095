/* /notifications/stream: tickets for it. The streams themselves are microtask-events' (contract section 8). */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "http/request.h"
#include "http/route.h"

extern const struct view ticket_view;

enum err stream_ticket(struct request *rq);
/* Only where the web server sends streams to the workers, who cannot serve them: ERR_NOT_CONFIGURED. */
enum err stream_elsewhere(struct request *rq);

#endif
