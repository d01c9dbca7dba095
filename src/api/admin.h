/* /admin: users and their roles (contract section 9). The audit and the journal have a file of their own. */
#ifndef API_ADMIN_H
#define API_ADMIN_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema role_schema;
extern const struct view message_user_view;

enum err admin_set_role(struct request *rq, struct event *event);
void admin_role_set(struct request *rq, const struct event *event);

#endif
