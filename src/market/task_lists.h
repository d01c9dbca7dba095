/* Which tasks and workers are listed to whom, in what order. */
#ifndef MARKET_TASK_LISTS_H
#define MARKET_TASK_LISTS_H

#include "market/market.h"
#include "store/list.h"

struct task_query {
	struct page_query page;
	const char *sort; /* "-createdAt" and the like; NULL: that one */
	const char *words, *category;
	struct number min_payable;
};

/* Open tasks; for a worker without those that they have submitted to. */
enum err task_list_open(struct call *call, const struct task_query *query, struct list *list);

/* The caller's own tasks, without cancelled ones. */
void task_list_own(struct call *call, struct list *list);

/* The tasks of all buyers, newest first: those of a status; or all but cancelled ones, if it is NULL. */
void task_list_all(struct call *call, const char *status, struct list *list);

/* Tasks whose submissions are to be counted by one query. */
struct task_counts {
	struct counted_task {
		struct id id;
		int64_t submissions, pending;
	} tasks[LIST_LIMIT_UNPAGED];
	size_t count;
};
void task_counts_add(struct task_counts *counts, const bson_t *task);
enum err task_counts_read(struct call *call, struct task_counts *counts);

/* Calls row for the six workers with most coins. */
enum err top_workers_each(struct call *call, db_row row, void *context);

#endif
