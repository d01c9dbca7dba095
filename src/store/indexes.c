/*
 * The indexes and validators as tables.
 *
 * A list is read from an index in its order: first the fields it asks to be equal, then the order
 * with _id at its end, then fields it only filters by, so that records which drop out, and totals,
 * cost a key each and no document. One index serves an order in both directions.
 */
#include "store/indexes.h"

#include "base/count.h"
#include "store/doc.h"
#include "store/mark.h"

#include <string.h>

/* Options. A word that is a macro of C, as true is, may only be written in JSON() itself. */
#define WHERE(field, ...) JSON({ "partialFilterExpression" : { field : __VA_ARGS__ } })
#define WHERE_POSITIVE(field) WHERE(field, { "$gt" : 0 })
#define WHERE_THERE(field) JSON({ "partialFilterExpression" : { field : { "$exists" : true } } })
#define UNIQUE_WHERE_THERE(field) \
	JSON({ "unique" : true, "partialFilterExpression" : { field : { "$exists" : true } } })
/*
 * Such an index holds open tasks and nothing else, so a list reads hardly a record that it does not
 * show, however many have ended. A submission that does not take the last slot leaves it as it is.
 */
#define WHILE_OPEN WHERE("status", "active", "required_workers" : { "$gt" : 0 })
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
	{ TASKS, "open_by_created", "createdAt _id payable_amount", WHILE_OPEN },
	{ TASKS, "open_by_payable", "payable_amount _id", WHILE_OPEN },
	{ TASKS, "open_by_deadline", "completion_date _id", WHILE_OPEN },
	{ TASKS, "active_slots", "status required_workers _id completion_date expires_at",
	  WHERE("status", "active") },
	{ TASKS, "open_by_category", "category createdAt _id", WHILE_OPEN },
	{ TASKS, "open_by_words", "words createdAt _id", WHILE_OPEN },
	{ TASKS, "open_by_expiry", "expires_at", WHILE_OPEN },
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

/* "role -coins" as { role: 1, coins: -1 } */
static bson_t *keys_of(struct arena *arena, const struct index_row *row)
{
	bson_t *keys = doc_keep(arena, bson_new());
	size_t length;

	for (const char *at = row->keys; *at; at += length + (at[length] == ' ')) {
		bool down = *at == '-';

		at += down;
		length = strcspn(at, " ");
		bson_append_int32(keys, at, (int)length, down ? -1 : 1);
	}
	return keys;
}

const bson_t *index_spec(struct arena *arena, const struct index_row *row)
{
	bson_t *spec = DOC(arena, TEXT("name", row->name), PART("key", keys_of(arena, row)));

	if (row->options)
		bson_concat(spec, doc_parse(arena, row->options));
	return spec;
}

/* ---- those that a database has ---- */

/* Has an index an option that changes what it serves for, or what it refuses? */
static bool is_plain(const bson_t *index)
{
	return !bson_has_field(index, "collation") && !bson_has_field(index, "sparse") &&
	       !bson_has_field(index, "partialFilterExpression");
}

/* Directions may be stored as any kind of number. */
static bool same_keys(const bson_t *a, const bson_t *b)
{
	bson_iter_t left, right;
	int64_t one, other;

	if (bson_count_keys(a) != bson_count_keys(b) || !bson_iter_init(&left, a) ||
	    !bson_iter_init(&right, b))
		return false;
	while (bson_iter_next(&left) && bson_iter_next(&right))
		if (strcmp(bson_iter_key(&left), bson_iter_key(&right)) ||
		    !doc_iter_number(&left, &one) || !doc_iter_number(&right, &other) ||
		    one != other)
			return false;
	return true;
}

/*
 * A unique index on one of these fields alone refuses nothing that we write: an address that somebody has is refused
 * anyway, and the others are written only along with unique keys of ours. But it takes a missing field for null, so
 * only one record could lack it.
 */
static const struct {
	enum collection in;
	const char *field;
	bool always; /* every record has it */
} unique_anyway[] = {
	{ USERS, "email", true },
	{ USERS, "googleId", false },
	{ PAYMENTS, "transaction_id", false },
};

/* Are only records in it that have the field? */
static bool only_where_there(const bson_t *index, const char *field)
{
	bson_t filter;

	return doc_bool(index, "sparse", false) ||
	       (doc_part(index, "partialFilterExpression", &filter) &&
		bson_has_field(&filter, field));
}

static bool is_harmless(enum collection in, const bson_t *index, const bson_t *keys)
{
	bson_iter_t at;
	int64_t direction;

	/* no two records have the same _id */
	if (bson_has_field(keys, "_id"))
		return true;
	if (bson_count_keys(keys) != 1 || bson_has_field(index, "collation") ||
	    !bson_iter_init(&at, keys) || !bson_iter_next(&at) || !doc_iter_number(&at, &direction))
		return false;
	for (size_t i = 0; i < COUNT_OF(unique_anyway); i++)
		if (unique_anyway[i].in == in &&
		    !strcmp(unique_anyway[i].field, bson_iter_key(&at)))
			return unique_anyway[i].always ||
			       only_where_there(index, unique_anyway[i].field);
	return false;
}

static bool is_ours(struct arena *arena, enum collection in, const bson_t *index,
		    const bson_t *keys)
{
	for (size_t i = 0; i < index_row_count; i++)
		if (index_rows[i].in == in && index_rows[i].options &&
		    doc_text_is(index, "name", index_rows[i].name) &&
		    same_keys(keys, keys_of(arena, &index_rows[i])))
			return true;
	return false;
}

/* Unique keys, and what adoption finds single records by. What it reads as a whole needs none. */
bool index_is_early(const struct index_row *row)
{
	return (int)row->in >= MARKED_COUNT || (row->options && strstr(row->options, "unique")) ||
	       !strcmp(row->name, "task_status") ||
	       (row->in == WITHDRAWALS && !strcmp(row->name, "worker_created"));
}

bool index_refuses(struct arena *arena, enum collection in, const bson_t *index)
{
	bson_t keys;

	return doc_bool(index, "unique", false) && doc_part(index, "key", &keys) &&
	       !is_ours(arena, in, index, &keys) && !is_harmless(in, index, &keys);
}

bool index_serves(struct arena *arena, const bson_t *index, const struct index_row *row)
{
	const char *name = doc_text(index, "name");
	bson_t keys;

	if (!name || !doc_part(index, "key", &keys) || !same_keys(&keys, keys_of(arena, row)) ||
	    index_refuses(arena, row->in, index))
		return false;
	return !strcmp(name, row->name) || (!row->options && is_plain(index));
}
