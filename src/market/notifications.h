/* Notifications: what people are told, written in the transaction of what it tells (contract section 8). */
#ifndef MARKET_NOTIFICATIONS_H
#define MARKET_NOTIFICATIONS_H

#include "market/market.h"

/* The front end's pages and the icons it picks by type. */
#define PAGE_WORKER_SUBMISSIONS "/dashboard/worker/submissions"
#define PAGE_WORKER_WITHDRAWALS "/dashboard/worker/withdrawals"
#define PAGE_BUYER_REVIEW "/dashboard/buyer/review"
#define PAGE_BUYER_TASKS "/dashboard/buyer/my-tasks"
#define PAGE_ADMIN_WITHDRAWALS "/dashboard/admin/withdrawals"

struct notice {
	const struct id *user;
	const char *email; /* of that user, for display */
	const char *type; /* approval, rejection, withdrawal, submission, task, payment */
	const char *page;
	const char *message;
};

/* Adds the notification to an event. A notice without a user is dropped: nobody is there to read it. */
void notify(const struct call *call, struct event *event, const struct notice *notice);

/* The same for every admin there is; user and email of the notice are not read. */
enum err notify_admins(struct call *call, struct event *event, const struct notice *notice);

#endif
