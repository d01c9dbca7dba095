/* /admin: users and everybody's tasks (contract section 9). Stats, audit and journal have files of their own. */
#ifndef API_ADMIN_H
#define API_ADMIN_H

#include "http/request.h"
#include "http/route.h"

extern const struct schema adjust_schema, role_schema, user_list_schema, admin_task_list_schema;
extern const struct view message_user_view, user_list_view;

enum err admin_users(struct request *rq);
enum err admin_set_role(struct request *rq);
enum err admin_adjust(struct request *rq);
enum err admin_remove_user(struct request *rq);
enum err admin_tasks(struct request *rq);
enum err admin_take_down_task(struct request *rq);

#endif
