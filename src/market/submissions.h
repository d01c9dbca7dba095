/* Submissions: handing in work, reviewing it; who sees which (contract section 5). */
#ifndef MARKET_SUBMISSIONS_H
#define MARKET_SUBMISSIONS_H

#include "base/optional.h"
#include "market/market.h"

struct submission_input {
	struct id_given task_id;
	const char *submission_details;
};

/* What a reviewer says. */
struct review {
	bool approve;
	const char *reason, *reason_code; /* of a rejection; may be NULL */
};

/* POST /submissions. ERR_NOT_FOUND, ERR_DEADLINE_PASSED, ERR_NO_OPEN_SLOT, ERR_ALREADY_SUBMITTED. Inserted:
 * SUBMISSIONS. */
enum err submission_create(struct call *call, const struct submission_input *input,
			   struct txn *txn);

/* Its steps alone, for the task as it was read. */
void submission_create_plan(struct call *call, const struct submission_input *input,
			    const bson_t *task, struct txn *txn);

/* The record for those who may see it: its worker, its buyer, admins. ERR_NOT_FOUND, ERR_NOT_OWNER. */
enum err submission_read(struct call *call, const struct id *id, const bson_t **submission);

/*
 * Approves (the worker gets the price out of the task's escrow) or rejects (the slot is open again; once the task takes
 * no more work its price goes back to the buyer). By the task's buyer, an admin, or the service. ERR_NOT_FOUND,
 * ERR_NOT_OWNER, ERR_ALREADY_PROCESSED. Found: SUBMISSIONS, and USERS (the worker, of an approval).
 */
enum err submission_review(struct call *call, const struct id *id, const struct review *review,
			   struct txn *txn);
/* Its steps alone, for the records as they were read; task, of a rejection: NULL when it is gone. */
enum err submission_review_plan(struct call *call, const bson_t *submission, const bson_t *task,
				const struct review *review, struct txn *txn);
/* Once a review has happened: its task may be complete. */
void submission_reviewed(struct call *call, const struct txn *txn);

#endif
