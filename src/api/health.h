/* /health: is the server up, and can it work? */
#ifndef API_HEALTH_H
#define API_HEALTH_H

#include "http/request.h"
#include "json/view.h"

extern const struct view health_view, ready_view;

/* {users: 3, submissions: 1}: how many records of each kind are still to be adopted (store/mark.h). */
extern const struct view unadopted_view;

enum err health(struct request *rq);
/* 503 when MongoDB cannot be reached or the data is not adopted. Records that came since and are to be adopted are told,
 * and stop nobody. */
enum err health_ready(struct request *rq);

#endif
