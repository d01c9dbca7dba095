/* /health: is the server up, and can it work? */
#ifndef API_HEALTH_H
#define API_HEALTH_H

#include "http/request.h"
#include "http/view.h"

extern const struct view health_view;

enum err health(struct request *rq);
/* 503 when MongoDB cannot be reached or the data is not adopted. */
enum err health_ready(struct request *rq);

#endif
