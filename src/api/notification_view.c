#include "api/notification_view.h"

#include "market/notifications.h"

static const struct view_row rows[] = {
	MEMBER("_id", ID),
	MEMBER("toEmail", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("message", TEXT, .flags = VIEW_ALWAYS, .example = "\"You earned 5 coins.\""),
	MEMBER("actionRoute", TEXT, .flags = VIEW_ALWAYS, .help = "A page of the front end",
	       .example = "\"/dashboard/worker/submissions\""),
	MEMBER("type", TEXT, .flags = VIEW_OPTIONAL, .known = notice_kinds,
	       .example = "\"approval\""),
	MEMBER("isRead", BOOL, .flags = VIEW_ALWAYS, .example = "false"),
	MEMBER("archived", BOOL, .flags = VIEW_ALWAYS, .example = "false"),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("updatedAt", DATE, .flags = VIEW_OPTIONAL),
};

const struct view notification_view = VIEW_OF("Notification", rows);
