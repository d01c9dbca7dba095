/* GET /admin/stats: the numbers of the admins' front page (contract section 9). */
#ifndef API_STATS_H
#define API_STATS_H

#include "http/request.h"
#include "http/route.h"

extern const struct view stats_view;

enum err admin_stats(struct request *rq);

#endif
