#include "market/notification_view.h"

static const struct view_row rows[] = {
	{ .field = "_id", .type = VIEW_ID },
	{ .field = "toEmail", .type = VIEW_TEXT, .flags = VIEW_OPTIONAL },
	{ .field = "message",
	  .type = VIEW_TEXT,
	  .flags = VIEW_ALWAYS,
	  .example = "\"You earned 5 coins.\"" },
	{ .field = "actionRoute",
	  .type = VIEW_TEXT,
	  .flags = VIEW_ALWAYS,
	  .help = "A page of the front end",
	  .example = "\"/dashboard/worker/submissions\"" },
	{ .field = "type",
	  .type = VIEW_TEXT,
	  .flags = VIEW_OPTIONAL,
	  .known = KNOWN("approval", "rejection", "withdrawal", "submission", "task", "payment"),
	  .example = "\"approval\"" },
	{ .field = "isRead", .type = VIEW_BOOL, .flags = VIEW_ALWAYS, .example = "false" },
	{ .field = "archived", .type = VIEW_BOOL, .flags = VIEW_ALWAYS, .example = "false" },
	{ .field = "createdAt", .type = VIEW_DATE, .flags = VIEW_OPTIONAL },
	{ .field = "updatedAt", .type = VIEW_DATE, .flags = VIEW_OPTIONAL },
};

const struct view notification_view = VIEW_OF("Notification", rows);
