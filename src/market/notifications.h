/* Notifications (contract section 8): they are written in the transaction that they tell of, and each user reads and
 * archives their own. */
#ifndef MARKET_NOTIFICATIONS_H
#define MARKET_NOTIFICATIONS_H

#include "market/market.h"

/* Pages of the front end. */
#define PAGE_WORKER_HOME "/dashboard/worker/home"
#define PAGE_BUYER_HOME "/dashboard/buyer/home"
#define PAGE_WORKER_SUBMISSIONS "/dashboard/worker/submissions"
#define PAGE_WORKER_WITHDRAWALS "/dashboard/worker/withdrawals"
#define PAGE_BUYER_REVIEW "/dashboard/buyer/review"
#define PAGE_BUYER_TASKS "/dashboard/buyer/my-tasks"
#define PAGE_ADMIN_HOME "/dashboard/admin/home"
#define PAGE_ADMIN_WITHDRAWALS "/dashboard/admin/withdrawals"
#define PAGE_BUYER_PAYMENTS "/dashboard/buyer/payment-history"

/* What a notification is about: the front end picks an icon by it. */
enum notification_kind {
	NOTIFICATION_APPROVAL,
	NOTIFICATION_REJECTION,
	NOTIFICATION_WITHDRAWAL,
	NOTIFICATION_SUBMISSION,
	NOTIFICATION_TASK,
	NOTIFICATION_PAYMENT,
};
/* The word for each kind, NULL-terminated. */
extern const char *const notification_kinds[];

struct notification {
	const struct id *user;
	const char *email; /* of that user, for display */
	enum notification_kind kind;
	const char *page;
	const char *message;
};

/* Adds the notification to a transaction. One without a user is dropped. */
void notify(const struct call *call, struct txn *txn, const struct notification *notification);

/* Every admin there is. */
struct admins {
	struct arena *arena;
	const bson_t **list;
	size_t count, room;
};
enum err admins_read(struct call *call, struct admins *admins);
/* Adds the notification for each admin; its user and email are not read. */
void notify_admins(struct call *call, struct txn *txn, const struct admins *admins,
		   const struct notification *notification);

/* The filter for a user's, without those archived. */
bson_t *notifications_of(struct arena *arena, const struct id *user);

/* ---- the caller's own ---- */

/* Calls row for the newest ones, without those archived. */
enum err notifications_each(struct call *call, int64_t limit, db_row row, void *context);

/* Counts the unread ones, without those archived. Exact to 10,000; a larger number may be 5 s old. */
enum err notifications_unread(struct call *call, int64_t *count);

/* Marks all unread ones read, some thousands in each command so that MongoDB answers soon. *modified: how many were
 * unread. ERR_UNAVAILABLE also when it took too long; the next call goes on from there. */
enum err notifications_read_all(struct call *call, int64_t *modified);

/* Marks one read, or archives it for good; doing it again changes nothing. ERR_NOT_FOUND, ERR_NOT_OWNER. Found:
 * NOTIFICATIONS. */
enum err notification_read(struct call *call, const struct id *id, struct txn *txn);
enum err notification_archive(struct call *call, const struct id *id, struct txn *txn);

#endif
