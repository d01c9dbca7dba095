#include "market/notifications.h"

#include "base/clock.h"
#include "market/users.h"
#include "store/doc.h"
#include "store/list.h"

const char *const notification_kinds[] = {
	[NOTIFICATION_APPROVAL] = "approval",
	[NOTIFICATION_REJECTION] = "rejection",
	[NOTIFICATION_WITHDRAWAL] = "withdrawal",
	[NOTIFICATION_SUBMISSION] = "submission",
	[NOTIFICATION_TASK] = "task",
	[NOTIFICATION_PAYMENT] = "payment",
	NULL,
};

void notify(const struct call *call, struct txn *txn, const struct notification *notification)
{
	struct id id = doc_new_id();

	if (!notification->user)
		return;
	txn_insert(txn, NOTIFICATIONS,
		   DOC(call->arena, ID("_id", &id), ID("user_id", notification->user),
		       TEXT("toEmail", notification->email ? notification->email : ""),
		       TEXT("message", notification->message),
		       TEXT("actionRoute", notification->page),
		       TEXT("type", notification_kinds[notification->kind]), BOOL("isRead", false),
		       BOOL("archived", false), DATE("createdAt", call->now),
		       DATE("updatedAt", call->now)),
		   ERR_INTERNAL);
}

static bool admin_take(void *context, const bson_t *admin)
{
	struct admins *admins = context;

	admins->list = arena_grow(admins->arena, admins->list, admins->count, &admins->room,
				  sizeof *admins->list);
	admins->list[admins->count++] = doc_copy(admins->arena, admin);
	return true;
}

enum err admins_read(struct call *call, struct admins *admins)
{
	bson_t *fields = DOC(call->arena, SUB("projection", INT("email", 1)));

	*admins = (struct admins){ .arena = call->arena };
	return db_each(call->db, USERS, users_active(call->arena, ROLE_ADMIN), fields, admin_take,
		       admins);
}

void notify_admins(struct call *call, struct txn *txn, const struct admins *admins,
		   const struct notification *notification)
{
	for (size_t i = 0; i < admins->count; i++) {
		struct notification told = *notification;
		struct id id;

		told.user = doc_id(admins->list[i], "_id", &id) ? &id : NULL;
		told.email = doc_text(admins->list[i], "email");
		notify(call, txn, &told);
	}
}

/* ---- the caller's own ---- */

/* A flag that is not set: older records may lack it. $in rather than $ne, as the index then keeps their order. */
#define UNSET(flag) SUB(flag, LIST("$in", BCON_BOOL(false), BCON_NULL))

bson_t *notifications_of(struct arena *arena, const struct id *user)
{
	return DOC(arena, ID("user_id", user), UNSET("archived"));
}

static bson_t *own_unread(struct call *call)
{
	bson_t *filter = notifications_of(call->arena, &call->caller->id);

	bson_concat(filter, DOC(call->arena, UNSET("isRead")));
	return filter;
}

enum err notifications_each(struct call *call, int64_t limit, db_row row, void *context)
{
	bson_t *options = DOC(call->arena, SUB("sort", INT("createdAt", -1), INT("_id", -1)),
			      WHOLE("limit", limit));

	return db_each(call->db, NOTIFICATIONS, notifications_of(call->arena, &call->caller->id),
		       options, row, context);
}

enum err notifications_unread(struct call *call, int64_t *count)
{
	struct arena *arena = call->arena;

	return list_count(call->db, arena, NOTIFICATIONS, own_unread(call),
			  call_own_name(call, "unread"), count);
}

/* ---- reading all ---- */

enum { READ_AT_ONCE = 5000, READ_ALL_MS = 10000 };

static bool unread_take(void *ids, const bson_t *doc)
{
	struct id id = doc_own_id(doc);

	doc_array_id(ids, &id);
	return true;
}

static bson_t *now_read(struct call *call)
{
	return DOC(call->arena, SUB("$set", BOOL("isRead", true), DATE("updatedAt", call->now)));
}

/* Marks the next ones; *found are as many as were looked for unless they were the last. */
static enum err read_some(struct call *call, uint32_t *found, int64_t *modified)
{
	struct arena *arena = call->arena;
	struct doc_array unread = doc_array_new(arena);
	enum err err = db_each(call->db, NOTIFICATIONS, own_unread(call),
			       DOC(arena, SUB("projection", INT("_id", 1)),
				   WHOLE("limit", READ_AT_ONCE), INT("batchSize", READ_AT_ONCE)),
			       unread_take, &unread);

	*found = unread.count;
	*modified = 0;
	if (err != OK || !unread.count)
		return err;
	bson_t *filter = DOC(arena, SUB("_id", ARRAY("$in", unread.doc)), UNSET("isRead"));
	return db_update_many(call->db, arena, NOTIFICATIONS, filter, now_read(call), modified);
}

enum err notifications_read_all(struct call *call, int64_t *modified)
{
	int64_t until = clock_steady() + READ_ALL_MS, some;
	uint32_t found = READ_AT_ONCE;
	enum err err = OK;

	*modified = 0;
	while (err == OK && found == READ_AT_ONCE) {
		if (clock_steady() > until)
			return ERR_UNAVAILABLE;
		err = read_some(call, &found, &some);
		*modified += some;
	}
	return err;
}

/* ---- one ---- */

static enum err change_own(struct call *call, const struct id *id, const bson_t *change,
			   struct txn *txn)
{
	struct arena *arena = call->arena;
	const bson_t *notification;
	enum err err = call_read(call, NOTIFICATIONS, id, &notification);

	if (err != OK)
		return err;
	if (!call_owns(call, notification, "user_id"))
		return ERR_NOT_OWNER;
	txn_update_after(txn, NOTIFICATIONS, DOC(arena, ID("_id", id)), change, ERR_NOT_FOUND);
	txn_of_any(txn);
	return OK;
}

enum err notification_read(struct call *call, const struct id *id, struct txn *txn)
{
	return change_own(call, id, now_read(call), txn);
}

enum err notification_archive(struct call *call, const struct id *id, struct txn *txn)
{
	return change_own(
		call, id,
		DOC(call->arena, SUB("$set", BOOL("archived", true), DATE("updatedAt", call->now))),
		txn);
}
