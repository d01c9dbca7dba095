/* The statuses of records. A task is active, completed or cancelled; a submission or withdrawal is pending, approved or
 * rejected; a payment is pending, completed or failed. */
#ifndef MARKET_STATUS_H
#define MARKET_STATUS_H

#include "store/doc.h"

enum status {
	STATUS_ACTIVE,
	STATUS_COMPLETED,
	STATUS_CANCELLED,
	STATUS_PENDING,
	STATUS_APPROVED,
	STATUS_REJECTED,
	STATUS_FAILED,
};

const char *status_name(enum status status);

/* The words for those of a kind of record, NULL-terminated. */
extern const char *const task_statuses[], *const review_statuses[], *const payment_statuses[];

/* Pairs of a document or filter: with this status; with any other. */
#define STATUS(which) TEXT("status", status_name(STATUS_##which))
#define STATUS_NOT(which) SUB("status", TEXT("$ne", status_name(STATUS_##which)))

/* Has the record this status? */
bool status_is(const bson_t *record, enum status status);

#endif
