#include "store/collections.h"

#include "base/count.h"
#include "store/doc.h"

#include <stdio.h>

/* ---- names and people ---- */

#define NOTHING_PERSONAL ((const struct personal[]){ { 0 } })
#define PEOPLE(...) ((const struct personal[]){ __VA_ARGS__, { 0 } })

static const struct personal buyers[] = {
	{ "buyer_id",
	  RECORD_STAYS,
	  { { "buyer_name", BECOMES_NAME }, { "buyer_email", BECOMES_EMAIL } } },
	{ 0 },
};

const struct collection_row collection_rows[COLLECTION_COUNT] = {
	[USERS] = { "users", PEOPLE({ "_id",
				      RECORD_IS_ACCOUNT,
				      { { "name", BECOMES_NAME },
					{ "email", BECOMES_EMAIL },
					{ "email_key", BECOMES_EMPTY },
					{ "searched", BECOMES_EMPTY },
					{ "photoURL", BECOMES_EMPTY },
					{ "googleId", BECOMES_EMPTY },
					{ "google_key", BECOMES_EMPTY },
					{ "password", BECOMES_EMPTY } } }) },
	[TASKS] = { "tasks", buyers },
	[SUBMISSIONS] = { "submissions", PEOPLE({ "buyer_id",
						  RECORD_STAYS,
						  { { "buyer_name", BECOMES_NAME },
						    { "buyer_email", BECOMES_EMAIL } } },
						{ "worker_id",
						  RECORD_STAYS,
						  { { "worker_name", BECOMES_NAME },
						    { "worker_email", BECOMES_EMAIL } } }) },
	[WITHDRAWALS] = { "withdrawals", PEOPLE({ "worker_id",
						  RECORD_STAYS,
						  { { "worker_name", BECOMES_NAME },
						    { "worker_email", BECOMES_EMAIL },
						    { "account_number", STAYS } } }) },
	[PAYMENTS] = { "payments", buyers },
	[NOTIFICATIONS] = { "notifications", PEOPLE({ "user_id",
						      RECORD_GOES,
						      { { "toEmail", BECOMES_EMAIL },
							{ "message", BECOMES_EMPTY } } }) },
	[LEDGER] = { "ledger", NOTHING_PERSONAL },
	[IDEMPOTENCY] = { "idempotency",
			  PEOPLE({ "user_id", RECORD_GOES, { { "body", BECOMES_EMPTY } } },
				 { "people", RECORD_IS_ANSWER, { { "body", BECOMES_EMPTY } } }) },
	/* hashes of addresses, for some minutes */
	[THROTTLE] = { "throttle", NOTHING_PERSONAL },
	[TICKETS] = { "tickets", NOTHING_PERSONAL },
	[META] = { "meta", NOTHING_PERSONAL },
};

/* ---- indexes ---- */

/*
 * A list is read from an index in its order: first the fields it asks to be equal, then the order with _id at its end,
 * then fields it only filters by, so that records which drop out, and totals, cost a key each and no document. One
 * index serves an order in both directions.
 */

/* Options. A word that is a macro of C, as true is, may only be written in JSON() itself. */
#define WHERE(field, ...) JSON({ "partialFilterExpression" : { field : __VA_ARGS__ } })
#define WHERE_POSITIVE(field) WHERE(field, { "$gt" : 0 })
#define WHERE_THERE(field) JSON({ "partialFilterExpression" : { field : { "$exists" : true } } })
#define UNIQUE_WHERE_THERE(field) \
	JSON({ "unique" : true, "partialFilterExpression" : { field : { "$exists" : true } } })
/*
 * Such an index holds open tasks and hardly any other, so a list reads hardly a record that it does not show, however
 * many have ended. It goes by `full` (market/tasks.h) and not by the slots themselves: a field that is named here has
 * MongoDB judge for each index, whenever the field changes, whether the task still belongs into it. That was two thirds
 * of what a submission's write of its task cost.
 */
#define WHILE_LISTED WHERE("status", "active", "full" : null)
/* It holds what is still to be adopted, so as a rule nothing, and costs the others nothing. */
#define TO_BE_ADOPTED "unadopted", MARK " _id", WHERE(MARK, null)
#define GONE_AT_ITS_TIME JSON({ "expireAfterSeconds" : 0 })

const struct index_row index_rows[] = {
	{ USERS, TO_BE_ADOPTED },
	{ TASKS, TO_BE_ADOPTED },
	{ SUBMISSIONS, TO_BE_ADOPTED },
	{ WITHDRAWALS, TO_BE_ADOPTED },
	{ PAYMENTS, TO_BE_ADOPTED },
	{ NOTIFICATIONS, TO_BE_ADOPTED },

	/* old records have no key, so duplicates among them stop nothing */
	{ USERS, "email_key", "email_key", UNIQUE_WHERE_THERE("email_key") },
	{ USERS, "email", "email", NULL },
	{ USERS, "google_key", "google_key", UNIQUE_WHERE_THERE("google_key") },
	{ USERS, "googleId", "googleId", NULL },
	{ USERS, "role_coins", "role -coins -_id closing", NULL },
	{ USERS, "role_created", "role createdAt _id closing", NULL },
	{ USERS, "created", "createdAt _id closing", NULL },
	{ USERS, "closing", "closing", JSON({ "partialFilterExpression" : { "closing" : true } }) },
	{ USERS, "owing", "owed_coins", WHERE_POSITIVE("owed_coins") },
	{ USERS, "last_login", "lastLogin", NULL },

	/* the list of open tasks in each of its orders; by their slots they are counted, too */
	{ TASKS, "listed_by_created", "createdAt _id payable_amount", WHILE_LISTED },
	{ TASKS, "listed_by_payable", "payable_amount _id", WHILE_LISTED },
	{ TASKS, "listed_by_deadline", "completion_date _id", WHILE_LISTED },
	{ TASKS, "listed_by_slots", "status required_workers _id completion_date expires_at full",
	  WHILE_LISTED },
	{ TASKS, "listed_by_category", "category createdAt _id", WHILE_LISTED },
	{ TASKS, "listed_by_words", "words createdAt _id", WHILE_LISTED },
	{ TASKS, "listed_by_expiry", "expires_at", WHILE_LISTED },
	/* those that may be done */
	{ TASKS, "full", "status full _id",
	  WHERE("full", true, "status"
		: "active") },
	/* "completed" and "cancelled" sort after it; no list of open tasks is to be read from this index */
	{ TASKS, "ended_by_created", "status createdAt _id",
	  WHERE("status", { "$gt" : "active" }) },
	{ TASKS, "buyer_created", "buyer_id createdAt _id status", NULL },
	{ TASKS, "created", "createdAt _id status", NULL },

	{ SUBMISSIONS, "slot_key", "slot_key", UNIQUE_WHERE_THERE("slot_key") },
	{ SUBMISSIONS, "worker_created", "worker_id createdAt _id", NULL },
	{ SUBMISSIONS, "worker_task", "worker_id task_id", NULL },
	/* earnings are summed from the keys */
	{ SUBMISSIONS, "worker_status", "worker_id status createdAt _id payable_amount", NULL },
	{ SUBMISSIONS, "buyer_status", "buyer_id status createdAt _id", NULL },
	{ SUBMISSIONS, "task_status", "task_id status", NULL },
	{ SUBMISSIONS, "task_created", "task_id createdAt _id", NULL },
	/* what waited too long, and, counted by task, what is pending */
	{ SUBMISSIONS, "status_submitted", "status submitted_date task_id", NULL },
	{ SUBMISSIONS, "created", "createdAt _id", NULL },

	{ WITHDRAWALS, "worker_created", "worker_id createdAt _id", NULL },
	{ WITHDRAWALS, "status_created", "status createdAt _id", NULL },

	{ PAYMENTS, "txn_key", "txn_key", UNIQUE_WHERE_THERE("txn_key") },
	/* those whose provider is still to be asked what became of them */
	{ PAYMENTS, "check_at", "check_at", WHERE_THERE("check_at") },
	{ PAYMENTS, "intent_id", "intent_id", WHERE_THERE("intent_id") },
	{ PAYMENTS, "reversed", "reversed_coins", WHERE_POSITIVE("reversed_coins") },
	/* what was paid is summed from the keys */
	{ PAYMENTS, "status_paid", "status price amount", NULL },
	{ PAYMENTS, "buyer_created", "buyer_id createdAt _id", NULL },

	{ NOTIFICATIONS, "user_listed", "user_id archived createdAt _id", NULL },
	{ NOTIFICATIONS, "user_unread", "user_id isRead archived", NULL },

	{ LEDGER, "at", "at _id", NULL },
	{ LEDGER, "user_at", "user at _id", NULL },
	{ LEDGER, "task_at", "task at _id", NULL },
	/* where a user's coins came from is summed from the keys */
	{ LEDGER, "received", "to kind buyer task coins",
	  WHERE("to", { "$gt" : "user:", "$lt" : "user;" }) },

	{ IDEMPOTENCY, "user", "user_id", NULL },
	{ IDEMPOTENCY, "people", "people", NULL },
	{ IDEMPOTENCY, "expires_at", "expires_at", GONE_AT_ITS_TIME },
	{ THROTTLE, "expires_at", "expires_at", GONE_AT_ITS_TIME },
	{ TICKETS, "expires_at", "expires_at", GONE_AT_ITS_TIME },
};
const size_t index_row_count = COUNT_OF(index_rows);

/* ---- validators ---- */

#define PROPERTIES(...) JSON({ "$jsonSchema" : { "properties" : { __VA_ARGS__ } } })
#define NOT_NEGATIVE(field)                  \
field : {                                    \
	"bsonType" : "number", "minimum" : 0 \
}

/* A second check after the guards of the transactions: should one of these be wrong, nothing is written at all. */
const struct validator_row validator_rows[] = {
	{ USERS, PROPERTIES(NOT_NEGATIVE("coins"), NOT_NEGATIVE("pending_coins"),
			    NOT_NEGATIVE("owed_coins")) },
	{ TASKS, PROPERTIES(NOT_NEGATIVE("required_workers"), NOT_NEGATIVE("payable_amount")) },
	{ SUBMISSIONS, PROPERTIES(NOT_NEGATIVE("payable_amount")) },
	{ WITHDRAWALS, PROPERTIES(NOT_NEGATIVE("withdrawal_coin")) },
	{ PAYMENTS, PROPERTIES(NOT_NEGATIVE("coin_amount")) },
	{ LEDGER, JSON({
		  "$jsonSchema" : {
			  "required" : [ "from", "to", "coins", "kind", "at" ],
			  "properties" : {
				  "from" : { "bsonType" : "string" },
				  "to" : { "bsonType" : "string" },
				  "coins" : { "bsonType" : "long", "minimum" : 1 },
				  "at" : { "bsonType" : "date" }
			  }
		  }
	  }) },
};
const size_t validator_row_count = COUNT_OF(validator_rows);

/* ---- what the rows say ---- */

const char *collection_name(enum collection collection)
{
	return collection_rows[collection].name;
}

static const char *row_problem(const struct collection_row *row)
{
	if (!row->name)
		return "has no name";
	if (!row->people)
		return "says nothing of people: name the fields that hold somebody's data, or say NOTHING_PERSONAL";
	for (const struct personal *person = row->people; person->whose; person++)
		if (!person->fields[0].name)
			return "has a person without a field";
	return NULL;
}

const char *collections_check(const struct collection_row rows[COLLECTION_COUNT], char problem[256])
{
	for (int in = 0; in < COLLECTION_COUNT; in++) {
		const char *what = row_problem(&rows[in]);

		if (!what)
			continue;
		snprintf(problem, 256, "Collection %d, %s, %s.", in + 1,
			 rows[in].name ? rows[in].name : "?", what);
		return problem;
	}
	return NULL;
}

static const char *text_of(struct arena *arena, const struct personal_field *field,
			   const struct id *id)
{
	switch (field->then) {
	case BECOMES_NAME:
		return DELETED_NAME;
	case BECOMES_EMAIL:
		return arena_printf(arena, DELETED_EMAIL("%s"), id_text(arena, id));
	case BECOMES_EMPTY:
		return "";
	default:
		return NULL;
	}
}

bson_t *personal_forgotten(struct arena *arena, const struct personal *person, const struct id *id)
{
	bson_t *texts = DOC(arena, NULL);

	for (const struct personal_field *field = person->fields; field->name; field++) {
		const char *text = text_of(arena, field, id);

		if (text)
			BSON_APPEND_UTF8(texts, field->name, text);
	}
	return texts;
}
