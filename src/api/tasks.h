/* What other calls show of tasks and do with them (contract section 4). */
#ifndef API_TASKS_H
#define API_TASKS_H

#include "api/api.h"

/* How the list of open tasks is narrowed and sorted. */
extern const struct schema task_list_schema;

/* The members of a task that everybody may see; answers may add others about its buyer. */
extern const struct view task_members_view;

/* Answers a page of tasks, each with the numbers of its submissions. */
extern const struct view counted_task_list_view;
enum err tasks_counted(struct request *rq, struct call *call, const struct list *list);

/* Answers that a task is cancelled. */
extern const struct view refund_view;
void tasks_cancelled(struct request *rq, const struct txn *txn);

/* The row of a call that lists the six workers with most coins: it has several paths. */
extern const struct view top_workers_view;
enum err top_workers(struct request *rq);
#define TOP_WORKERS(name, who)                                                                    \
	{                                                                                         \
		.method = GET, .path = name, .access = who,                                       \
		.flags = (who) == ACCESS_PUBLIC ? ARRAY | SHARED : ARRAY, .handler = top_workers, \
		.view = &top_workers_view, .summary = "The six workers with most coins"           \
	}

#endif
