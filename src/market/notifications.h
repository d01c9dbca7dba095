/* Notifications: what people are told, written in the transaction of what it tells; and what they do with it, each
 * with their own (contract section 8). */
#ifndef MARKET_NOTIFICATIONS_H
#define MARKET_NOTIFICATIONS_H

#include "market/market.h"

/* The front end's pages and the icons it picks by type. */
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
enum notice_kind {
	NOTICE_APPROVAL,
	NOTICE_REJECTION,
	NOTICE_WITHDRAWAL,
	NOTICE_SUBMISSION,
	NOTICE_TASK,
	NOTICE_PAYMENT,
};
/* The words for them, NULL-terminated. */
extern const char *const notice_kinds[];

struct notice {
	const struct id *user;
	const char *email; /* of that user, for display */
	enum notice_kind kind;
	const char *page;
	const char *message;
};

/* Adds the notification to a transaction. A notice without a user is dropped: nobody is there to read it. */
void notify(const struct call *call, struct txn *txn, const struct notice *notice);

/* Every admin there is. */
struct admins {
	struct arena *arena;
	const bson_t **list;
	size_t count, room;
};
enum err admins_read(struct call *call, struct admins *admins);
/* The same for each of them; user and email of the notice are not read. */
void notify_admins(struct call *call, struct txn *txn, const struct admins *admins,
		   const struct notice *notice);

/* ---- the caller's own ---- */

/* The newest, but archived ones. */
enum err notifications_each(struct call *call, int64_t limit, db_row row, void *context);

/* Those not read, but archived ones: exact to 10,000, beyond it up to 5 s old. */
enum err notifications_unread(struct call *call, int64_t *count);

/* Marks all of them read, so many a time that MongoDB answers soon; *modified were not before. ERR_UNAVAILABLE also
 * when it took too long: the next call goes on from there. */
enum err notifications_read_all(struct call *call, int64_t *modified);

/* Marks one read, or puts it away for good; doing it again changes nothing. ERR_NOT_FOUND, ERR_NOT_OWNER. Found:
 * NOTIFICATIONS. */
enum err notification_read(struct call *call, const struct id *id, struct txn *txn);
enum err notification_archive(struct call *call, const struct id *id, struct txn *txn);

#endif
