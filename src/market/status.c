#include "market/status.h"

static const char *const names[] = {
	[STATUS_ACTIVE] = "active",	  [STATUS_COMPLETED] = "completed",
	[STATUS_CANCELLED] = "cancelled", [STATUS_PENDING] = "pending",
	[STATUS_APPROVED] = "approved",	  [STATUS_REJECTED] = "rejected",
	[STATUS_FAILED] = "failed",
};

const char *const task_statuses[] = { "active", "completed", "cancelled", NULL };
const char *const review_statuses[] = { "pending", "approved", "rejected", NULL };
const char *const payment_statuses[] = { "pending", "completed", "failed", NULL };

const char *status_name(enum status status)
{
	return names[status];
}

bool status_is(const bson_t *record, enum status status)
{
	return doc_text_is(record, "status", names[status]);
}
