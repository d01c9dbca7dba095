/* /public: tasks and workers for pages without a log-in, in the shape those were written for (contract section 9). */
#ifndef API_PUBLIC_H
#define API_PUBLIC_H

#include "http/request.h"
#include "json/view.h"

extern const struct view public_list_view, public_task_answer_view, public_workers_view;

enum err public_tasks(struct request *rq);
enum err public_task(struct request *rq);
enum err public_top_workers(struct request *rq);

#endif
