/* Submissions: handing in work, reviewing it, and who may see it (contract section 5). */
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
	const char *reason, *reason_code; /* for a rejection; may be NULL */
};

/* POST /submissions: takes a slot of the task. ERR_NOT_FOUND, ERR_DEADLINE_PASSED, ERR_NO_OPEN_SLOT,
 * ERR_ALREADY_SUBMITTED. Inserted: SUBMISSIONS. */
enum err submission_create(struct call *call, const struct submission_input *input,
			   struct txn *txn);

void submission_create_plan(struct call *call, const struct submission_input *input,
			    const bson_t *task, struct txn *txn);

/* The record for those who may see it: its worker, its buyer, admins. ERR_NOT_FOUND, ERR_NOT_OWNER. */
enum err submission_read(struct call *call, const struct id *id, const bson_t **submission);

/*
 * Approves: the worker gets the price out of the task's escrow. Or rejects: the slot is open again, or, when the task
 * takes no more work, its price goes back to the buyer. For the task's buyer, admins and the service. ERR_NOT_FOUND,
 * ERR_NOT_OWNER, ERR_ALREADY_PROCESSED. Found: SUBMISSIONS, and for an approval USERS (the worker).
 */
enum err submission_review(struct call *call, const struct id *id, const struct review *review,
			   struct txn *txn);
/* The task as it was read; NULL: it is gone. ERR_NOT_ADOPTED when it lacks the mark. */
enum err submission_review_plan(struct call *call, const bson_t *submission, const bson_t *task,
				const struct review *review, struct txn *txn);
/* To be called once a review has happened: completes the task if nothing is left to do on it. */
void submission_reviewed(struct call *call, const struct txn *txn);

#endif
