/* The words for where a record stands, named once. A task is active, completed or cancelled; a submission or withdrawal
 * pending, approved or rejected; a payment pending, completed or failed. */
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

/* Those of each kind of record, NULL-terminated. */
extern const char *const task_statuses[], *const review_statuses[], *const payment_statuses[];

/* Pairs of a document: a record gets the status, or must have it; must have another. */
#define STATUS(which) TEXT("status", status_name(STATUS_##which))
#define STATUS_NOT(which) SUB("status", TEXT("$ne", status_name(STATUS_##which)))

/* Does the record say so? */
bool status_is(const bson_t *record, enum status status);

#endif
