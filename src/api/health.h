/* /health: is the server up, and can it work? */
#ifndef API_HEALTH_H
#define API_HEALTH_H

#include "http/request.h"
#include "json/view.h"

extern const struct view health_view, ready_view;

/* {users: 3, submissions: 1}: how many records of each collection are not adopted yet (store/mark.h). */
extern const struct view unadopted_view;

enum err health(struct request *rq);
/* 503 when MongoDB cannot be reached or the data has never been adopted. Records that came later and are not adopted
 * are only counted in the answer. */
enum err health_ready(struct request *rq);

#endif
