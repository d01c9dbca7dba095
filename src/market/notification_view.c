#include "market/notification_view.h"

static const struct view_row rows[] = {
	{ "_id", VIEW_ID, 0, NULL, NULL, NULL },
	{ "toEmail", VIEW_TEXT, VIEW_OPTIONAL, NULL, NULL, NULL },
	{ "message", VIEW_TEXT, VIEW_ALWAYS, NULL, NULL, "\"You earned 5 coins.\"" },
	{ "actionRoute", VIEW_TEXT, VIEW_ALWAYS, NULL, "A page of the front end",
	  "\"/dashboard/worker/submissions\"" },
	{ "type", VIEW_TEXT, VIEW_OPTIONAL, NULL,
	  "approval, rejection, withdrawal, submission, task or payment", "\"approval\"" },
	{ "isRead", VIEW_BOOL, VIEW_ALWAYS, NULL, NULL, "false" },
	{ "archived", VIEW_BOOL, VIEW_ALWAYS, NULL, NULL, "false" },
	{ "createdAt", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL },
	{ "updatedAt", VIEW_DATE, VIEW_OPTIONAL, NULL, NULL, NULL },
};

const struct view notification_view = { .name = "Notification",
					.rows = rows,
					.count = sizeof rows / sizeof *rows };
