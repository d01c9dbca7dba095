#include "api/api.h"

#include "api/stream.h"
#include "market/notifications.h"

/* ---- inputs and views ---- */

struct notification_query {
	struct number limit;
};

/* Old callers also send their e-mail; whose notifications are listed is the token's to say. */
static const struct field list_fields[] = {
	FIELD("limit", WHOLE, notification_query, limit, .flags = FIELD_CLAMP, .min = 1,
	      .max = LIST_LIMIT_MAX, .help = "How many; more than 100 counts as 100, without it 10",
	      .example = "10"),
};
static const struct schema list_schema =
	SCHEMA_OF("NotificationQuery", struct notification_query, list_fields);

static const struct view_row shown_rows[] = {
	MEMBER("_id", ID),
	MEMBER("toEmail", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("message", TEXT, .flags = VIEW_ALWAYS, .example = "\"You earned 5 coins.\""),
	MEMBER("actionRoute", TEXT, .flags = VIEW_ALWAYS, .help = "A page of the front end",
	       .example = "\"/dashboard/worker/submissions\""),
	MEMBER("type", TEXT, .flags = VIEW_OPTIONAL, .known = notification_kinds,
	       .example = "\"approval\""),
	MEMBER("isRead", BOOL, .flags = VIEW_ALWAYS, .example = "false"),
	MEMBER("archived", BOOL, .flags = VIEW_ALWAYS, .example = "false"),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("updatedAt", DATE, .flags = VIEW_OPTIONAL),
};
const struct view notification_view = VIEW_OF("Notification", shown_rows);

static const struct view_row unread_count_rows[] = { MEMBER("unreadCount", WHOLE, .example = "3") };
static const struct view unread_count_view = VIEW_OF("UnreadCount", unread_count_rows);

static const struct view_row all_read_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("modified", WHOLE, .help = "How many were unread", .example = "3"),
};
static const struct view all_read_view = VIEW_OF("AllRead", all_read_rows);

/* ---- many ---- */

static enum err notifications_mine(struct request *rq)
{
	const struct notification_query *query = rq->query_input;
	struct rows rows = { .rq = rq, .view = &notification_view };
	int64_t limit = query->limit.given ? query->limit.value : LIST_LIMIT_DEFAULT;

	respond_array(rq);
	enum err err = notifications_each(call_of(rq), limit, rows_add, &rows);
	rows_end(&rows);
	return err;
}

static enum err notifications_count(struct request *rq)
{
	int64_t count;
	enum err err = notifications_unread(call_of(rq), &count);

	if (err == OK)
		json_int(respond(rq), "unreadCount", count);
	return err;
}

static enum err notifications_mark_all(struct request *rq)
{
	int64_t modified;
	enum err err = notifications_read_all(call_of(rq), &modified);

	if (err != OK)
		return err;
	struct json *json = respond_message(rq, "All notifications are read.");

	json_int(json, "modified", modified);
	return OK;
}

/* ---- one ---- */

static enum err mark_plan(struct request *rq, struct txn *txn)
{
	return notification_read(call_of(rq), &rq->ids[0], txn);
}

static enum err notifications_mark(struct request *rq)
{
	return carry_out_shown(rq, mark_plan, NULL, NOTIFICATIONS);
}

static enum err archive_plan(struct request *rq, struct txn *txn)
{
	return notification_archive(call_of(rq), &rq->ids[0], txn);
}

static enum err notifications_archive(struct request *rq)
{
	return carry_out_told(rq, archive_plan, "The notification is archived.");
}

static const struct route rows[] = {
	{ GET, "/notifications", ACCESS_ANY, .query = &list_schema, .flags = ARRAY,
	  .handler = notifications_mine, .view = &notification_view,
	  .summary = "One's own notifications, newest first, without archived ones" },
	{ GET, "/notifications/unread/count", ACCESS_ANY, .handler = notifications_count,
	  .view = &unread_count_view, .summary = "How many of them are unread" },
	{ PUT, "/notifications/read-all", ACCESS_ANY, .handler = notifications_mark_all,
	  .view = &all_read_view, .summary = "All of them are read" },
	{ PUT, "/notifications/:id/read", ACCESS_ANY, .handler = notifications_mark,
	  .view = &notification_view, .errors = ERRORS(ERR_NOT_OWNER), .summary = "One is read" },
	{ DELETE, "/notifications/:id", ACCESS_ANY, .handler = notifications_archive,
	  .view = &message_view, .errors = ERRORS(ERR_NOT_OWNER),
	  .summary = "Archive one: it is kept, but neither listed nor counted" },
};
const struct routes notification_routes = ROUTES_OF(rows);
