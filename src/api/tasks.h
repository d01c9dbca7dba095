/* /tasks: tasks and the top workers (contract section 4). */
#ifndef API_TASKS_H
#define API_TASKS_H

#include "api/api.h"
#include "http/request.h"
#include "http/route.h"

extern const struct schema task_list_schema, task_schema, task_edit_schema, slots_schema;
/* The members of a task that everybody may see; answers may add others about its buyer. */
extern const struct view task_members_view;
extern const struct view task_view, task_list_view, task_made_view, counted_task_list_view,
	refund_view, top_workers_view;

enum err tasks_list(struct request *rq);
enum err tasks_get(struct request *rq);
enum err tasks_create(struct request *rq);
enum err tasks_shown(struct request *rq, struct json *json);
enum err tasks_edit(struct request *rq);
enum err tasks_slots(struct request *rq);
enum err tasks_cancel(struct request *rq);
void tasks_cancelled(struct request *rq, const struct txn *txn);
enum err tasks_mine(struct request *rq);
/* Answers a page of tasks, each with the numbers of its submissions (counted_task_list_view). */
enum err tasks_counted(struct request *rq, struct call *call, const struct list *list);
enum err top_workers(struct request *rq);

#endif
