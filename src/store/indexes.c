/*
 * The indexes and validators as tables.
 *
 * A list is read from an index in its order: first the fields it asks to be equal, then the order
 * with _id at its end, then fields it only filters by, so that records which drop out, and totals,
 * cost a key each and no document. One index serves an order in both directions.
 */
#include "store/indexes.h"

#include "base/count.h"

#define UNIQUE_WHERE_THERE(field) \
	"{\"unique\": true, \"partialFilterExpression\": {\"" field "\": {\"$exists\": true}}}"
/*
 * Such an index holds open tasks and nothing else, so a list reads hardly a record that it does not
 * show, however many have ended. A submission that does not take the last slot leaves it as it is.
 */
#define WHILE_OPEN \
	"{\"partialFilterExpression\": {\"status\": \"active\", \"required_workers\": {\"$gt\": 0}}}"
#define GONE_AT_ITS_TIME "{\"expireAfterSeconds\": 0}"

const struct index_row index_rows[] = {
	/* old records have no key, so duplicates among them stop nothing */
	{ USERS, "email_key", "{\"email_key\": 1}", UNIQUE_WHERE_THERE("email_key") },
	{ USERS, "email", "{\"email\": 1}", NULL },
	{ USERS, "google_key", "{\"google_key\": 1}", UNIQUE_WHERE_THERE("google_key") },
	{ USERS, "googleId", "{\"googleId\": 1}", NULL },
	{ USERS, "role_coins", "{\"role\": 1, \"coins\": -1, \"_id\": -1, \"closing\": 1}", NULL },
	{ USERS, "role_created", "{\"role\": 1, \"createdAt\": 1, \"_id\": 1, \"closing\": 1}",
	  NULL },
	{ USERS, "created", "{\"createdAt\": 1, \"_id\": 1, \"closing\": 1}", NULL },
	{ USERS, "closing", "{\"closing\": 1}",
	  "{\"partialFilterExpression\": {\"closing\": true}}" },
	{ USERS, "last_login", "{\"lastLogin\": 1}", NULL },

	/* the list of open tasks in each of its orders; by their slots they are counted, too */
	{ TASKS, "open_by_created", "{\"createdAt\": 1, \"_id\": 1, \"payable_amount\": 1}",
	  WHILE_OPEN },
	{ TASKS, "open_by_payable", "{\"payable_amount\": 1, \"_id\": 1}", WHILE_OPEN },
	{ TASKS, "open_by_deadline", "{\"completion_date\": 1, \"_id\": 1}", WHILE_OPEN },
	{ TASKS, "active_slots",
	  "{\"status\": 1, \"required_workers\": 1, \"_id\": 1, \"completion_date\": 1,"
	  " \"expires_at\": 1}",
	  "{\"partialFilterExpression\": {\"status\": \"active\"}}" },
	{ TASKS, "open_by_category", "{\"category\": 1, \"createdAt\": 1, \"_id\": 1}",
	  WHILE_OPEN },
	{ TASKS, "open_by_words", "{\"words\": 1, \"createdAt\": 1, \"_id\": 1}", WHILE_OPEN },
	{ TASKS, "open_by_expiry", "{\"expires_at\": 1}", WHILE_OPEN },
	/* "completed" and "cancelled" stand behind it; open ones are not to be looked for in here */
	{ TASKS, "ended_by_created", "{\"status\": 1, \"createdAt\": 1, \"_id\": 1}",
	  "{\"partialFilterExpression\": {\"status\": {\"$gt\": \"active\"}}}" },
	{ TASKS, "buyer_created", "{\"buyer_id\": 1, \"createdAt\": 1, \"_id\": 1, \"status\": 1}",
	  NULL },
	{ TASKS, "created", "{\"createdAt\": 1, \"_id\": 1, \"status\": 1}", NULL },

	{ SUBMISSIONS, "slot_key", "{\"slot_key\": 1}", UNIQUE_WHERE_THERE("slot_key") },
	{ SUBMISSIONS, "worker_created", "{\"worker_id\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },
	{ SUBMISSIONS, "worker_task", "{\"worker_id\": 1, \"task_id\": 1}", NULL },
	/* earnings are summed from the keys */
	{ SUBMISSIONS, "worker_status",
	  "{\"worker_id\": 1, \"status\": 1, \"createdAt\": 1, \"_id\": 1, \"payable_amount\": 1}",
	  NULL },
	{ SUBMISSIONS, "buyer_status",
	  "{\"buyer_id\": 1, \"status\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },
	{ SUBMISSIONS, "task_status", "{\"task_id\": 1, \"status\": 1}", NULL },
	{ SUBMISSIONS, "task_created", "{\"task_id\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },
	/* what waited too long, and, counted by task, what is pending */
	{ SUBMISSIONS, "status_submitted", "{\"status\": 1, \"submitted_date\": 1, \"task_id\": 1}",
	  NULL },
	{ SUBMISSIONS, "created", "{\"createdAt\": 1, \"_id\": 1}", NULL },

	{ WITHDRAWALS, "worker_created", "{\"worker_id\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },
	{ WITHDRAWALS, "status_created", "{\"status\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },

	{ PAYMENTS, "txn_key", "{\"txn_key\": 1}", UNIQUE_WHERE_THERE("txn_key") },
	/* those whose provider is still to be asked what became of them */
	{ PAYMENTS, "check_at", "{\"check_at\": 1}",
	  "{\"partialFilterExpression\": {\"check_at\": {\"$exists\": true}}}" },
	/* what was paid is summed from the keys */
	{ PAYMENTS, "status_paid", "{\"status\": 1, \"price\": 1, \"amount\": 1}", NULL },
	{ PAYMENTS, "buyer_created", "{\"buyer_id\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },

	{ NOTIFICATIONS, "user_listed",
	  "{\"user_id\": 1, \"archived\": 1, \"createdAt\": 1, \"_id\": 1}", NULL },
	{ NOTIFICATIONS, "user_unread", "{\"user_id\": 1, \"isRead\": 1, \"archived\": 1}", NULL },

	{ LEDGER, "at", "{\"at\": 1, \"_id\": 1}", NULL },
	{ LEDGER, "user_at", "{\"user\": 1, \"at\": 1, \"_id\": 1}", NULL },
	{ LEDGER, "task_at", "{\"task\": 1, \"at\": 1, \"_id\": 1}", NULL },
	/* where a user's coins came from is summed from the keys */
	{ LEDGER, "received", "{\"to\": 1, \"kind\": 1, \"buyer\": 1, \"task\": 1, \"coins\": 1}",
	  "{\"partialFilterExpression\": {\"to\": {\"$gt\": \"user:\", \"$lt\": \"user;\"}}}" },

	{ IDEMPOTENCY, "user", "{\"user_id\": 1}", NULL },
	{ IDEMPOTENCY, "people", "{\"people\": 1}", NULL },
	{ IDEMPOTENCY, "expires_at", "{\"expires_at\": 1}", GONE_AT_ITS_TIME },
	{ THROTTLE, "expires_at", "{\"expires_at\": 1}", GONE_AT_ITS_TIME },
	{ TICKETS, "expires_at", "{\"expires_at\": 1}", GONE_AT_ITS_TIME },
};
const size_t index_row_count = COUNT_OF(index_rows);

#define NOT_NEGATIVE "{\"bsonType\": \"number\", \"minimum\": 0}"

/* A last line behind the guards of the events: should one be wrong, nothing is written at all. */
const struct validator_row validator_rows[] = {
	{ USERS, "{\"$jsonSchema\": {\"properties\": {\"coins\": " NOT_NEGATIVE
		 ", \"pending_coins\": " NOT_NEGATIVE "}}}" },
	{ TASKS, "{\"$jsonSchema\": {\"properties\": {\"required_workers\": " NOT_NEGATIVE
		 ", \"payable_amount\": " NOT_NEGATIVE "}}}" },
	{ SUBMISSIONS,
	  "{\"$jsonSchema\": {\"properties\": {\"payable_amount\": " NOT_NEGATIVE "}}}" },
	{ WITHDRAWALS,
	  "{\"$jsonSchema\": {\"properties\": {\"withdrawal_coin\": " NOT_NEGATIVE "}}}" },
	{ PAYMENTS, "{\"$jsonSchema\": {\"properties\": {\"coin_amount\": " NOT_NEGATIVE "}}}" },
	{ LEDGER,
	  "{\"$jsonSchema\": {\"required\": [\"from\", \"to\", \"coins\", \"kind\", \"at\"],"
	  " \"properties\": {\"from\": {\"bsonType\": \"string\"},"
	  " \"to\": {\"bsonType\": \"string\"},"
	  " \"coins\": {\"bsonType\": \"long\", \"minimum\": 1},"
	  " \"at\": {\"bsonType\": \"date\"}}}}" },
};
const size_t validator_row_count = COUNT_OF(validator_rows);
