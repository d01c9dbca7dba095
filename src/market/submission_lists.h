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

/* All for the task's owner and admins, a worker's own for them. ERR_NOT_FOUND, ERR_NOT_OWNER. */
enum err submission_list_of_task(struct call *call, const struct id *task, struct list *list);

/* What the caller has earned by approved submissions, over all. */
enum err submission_earnings(struct call *call, int64_t *coins);

#endif
