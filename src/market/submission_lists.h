/* Which submissions are listed to whom, in what order. */
#ifndef MARKET_SUBMISSION_LISTS_H
#define MARKET_SUBMISSION_LISTS_H

#include "market/market.h"
#include "store/list.h"

void submission_list_own(struct call *call, struct list *list);
void submission_list_approved(struct call *call, struct list *list);
/* Pending ones on the caller's own tasks, oldest first. */
void submission_list_to_review(struct call *call, struct list *list);
void submission_list_all(struct call *call, struct list *list);

/* The submissions to a task: the task's owner and admins get all, a worker gets their own. ERR_NOT_FOUND,
 * ERR_NOT_OWNER. */
enum err submission_list_of_task(struct call *call, const struct id *task, struct list *list);

/* The coins that the caller has earned by all approved submissions. */
enum err submission_earnings(struct call *call, int64_t *coins);

#endif
