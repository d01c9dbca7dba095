/*
 * Users: what they own, what their pending withdrawals hold, and what the journal opens with.
 *
 * A user and all of their pending withdrawals are adopted in one transaction: what one withdrawal holds, the next one
 * cannot. The older server moved coins to pending_coins when a withdrawal was asked for and then forgot them, approved
 * or rejected; an earlier one took them from coins when it approved.
 */
#include "migrate/adoption_pass.h"

#include "base/email.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { UNMARKED_FEW = 10000 };

/* ---- counters ---- */

/* Which of the counters of all users is being counted, as its place in struct person. */
struct counting {
	const struct people *people;
	size_t counter;
};

static bool count_take(void *context, const bson_t *row)
{
	const struct counting *counting = context;
	struct id id;
	struct person *person =
		doc_id(row, "_id", &id) ? person_by_id(counting->people, &id) : NULL;

	if (person)
		*(int32_t *)((char *)person + counting->counter) = (int32_t)doc_whole(row, "n", 0);
	return true;
}

static enum err count_by(const struct adoption *adoption, enum collection in, const char *owner,
			 enum status status, size_t counter)
{
	struct arena *arena = adoption->arena;
	const struct people *people = &adoption->people;
	struct doc_array ids = doc_array_new(arena);
	bson_t *match = DOC(arena, TEXT("status", status_name(status)));
	struct counting counting = { people, counter };

	/* where they are few, an index leads to what is theirs */
	if (people->unmarked <= UNMARKED_FEW && adoption->order->late) {
		for (size_t i = 0; i < people->count; i++)
			if (!people->list[i].marked)
				doc_array_id(&ids, &people->list[i].id);
		BCON_APPEND(match, SUB(owner, ARRAY("$in", ids.doc)));
	}
	/* what comes later than its owner is counted when it is adopted */
	bson_t *stages = PIPELINE(arena, ITEM(PART("$match", mark_ask(arena, in, match))),
				  STAGE("$group", TEXT("_id", arena_printf(arena, "$%s", owner)),
					SUB("n", INT("$sum", 1))));
	return db_aggregate(adoption->order->db, in, stages, DOC(arena, BOOL("allowDiskUse", true)),
			    count_take, &counting);
}

static enum err users_begin(struct adoption *adoption)
{
	enum err err = OK;

	if (adoption->people.unmarked)
		err = count_by(adoption, TASKS, "buyer_id", STATUS_ACTIVE,
			       offsetof(struct person, open_tasks));
	if (err == OK && adoption->people.unmarked)
		err = count_by(adoption, SUBMISSIONS, "worker_id", STATUS_PENDING,
			       offsetof(struct person, pending_submissions));
	return err;
}

/* ---- their withdrawals ---- */

/* One that is pending or was approved, and whose it is. */
struct holding {
	struct id owner, id;
	int64_t coins, asked_at;
	bool approved;
	const bson_t *doc;
};

bool holding_add(void *context, const bson_t *doc)
{
	struct batch *batch = context;
	const struct person *owner = owner_of(batch, doc, BY_WORKER);
	struct holding holding = {
		.coins = amount_read(doc, "withdrawal_coin", COINS_MOST).value,
		.approved = status_is(doc, STATUS_APPROVED),
	};

	if (!owner || !record_of(batch, &owner->id) || !doc_id(doc, "_id", &holding.id))
		return true;
	holding.owner = owner->id;
	holding.doc = doc_copy(batch->arena, doc);
	if (!date_read(doc, "withdraw_date", &holding.asked_at))
		holding.asked_at = created_at(doc);
	row_add(batch, &holding, sizeof holding);
	journal_want(batch, "hold", &holding.id);
	return true;
}

/* By their owners, the oldest first. */
static int holding_compare(const void *a, const void *b)
{
	const struct holding *one = a, *other = b;
	int order = id_compare(&one->owner, &other->owner);

	return order ? order : age_compare(one->asked_at, &one->id, other->asked_at, &other->id);
}

/* Those that are adopted name their owners, and an index leads to them; a later one waits for the next run. In a dry
 * run none does yet. */
static const bson_t *holdings_filter(const struct batch *batch, const bson_t *users)
{
	struct arena *arena = batch->arena;
	bson_t *theirs = DOC(arena, SUB("worker_id", ARRAY("$in", users)));
	bson_t *filter =
		DOC(arena, SUB("status", LIST("$in", BCON_UTF8(status_name(STATUS_PENDING)),
					      BCON_UTF8(status_name(STATUS_APPROVED)), BCON_NULL)));

	if (batch->adoption->order->dry_run) {
		BCON_APPEND(filter, LIST("$or", BCON_DOCUMENT(theirs), ITEM(NONE(MARK))));
		return filter;
	}
	bson_concat(filter, theirs);
	return mark_ask(arena, WITHDRAWALS, filter);
}

static enum err users_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array users = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++) {
		doc_array_id(&users, &batch->records[i].id);
		if (batch->records[i].has_id)
			journal_want_owner(batch, "user", &batch->records[i].id);
	}
	bson_t *fields =
		DOC(arena, INT("worker_id", 1), INT("worker_email", 1), INT("withdrawal_coin", 1),
		    INT("status", 1), INT("withdraw_date", 1), INT("createdAt", 1));
	enum err err = db_each(batch->db, WITHDRAWALS, holdings_filter(batch, users.doc),
			       DOC(arena, PART("projection", fields)), holding_add, batch);
	if (batch->row_count)
		qsort(batch->rows, batch->row_count, sizeof(struct holding), holding_compare);
	return err;
}

/* ---- what becomes of the coins ---- */

struct balance {
	int64_t coins, held;
	int64_t pool; /* old pending_coins that nothing holds yet */
	int64_t approved; /* that approved withdrawals of the older server took */
	int64_t withdrawals; /* pending ones */
	bool restored; /* an older server's, over one in the books: what the journal holds is held again */
};

static struct balance balance_read(struct record *record, bool in_the_books)
{
	struct amount coins = amount_read(record->doc, "coins", COINS_MOST);
	struct amount pending = amount_read(record->doc, "pending_coins", COINS_MOST);
	struct balance balance = { .coins = coins.value };

	balance.restored = in_the_books && !bson_has_field(record->doc, "pending_withdrawals");
	*(in_the_books && !balance.restored ? &balance.held : &balance.pool) = pending.value;
	note_if(coins.floored || pending.floored, record, RULE_USER_COINS_FLOORED);
	note_if(!coins.good || (pending.there && !pending.good), record, RULE_USER_COINS_BAD);
	return balance;
}

/* From pending_coins, then from coins. */
static bool hold(struct record *record, struct balance *balance, const struct holding *holding)
{
	int64_t coins = holding->coins;
	int64_t from_pool = coins < balance->pool ? coins : balance->pool;

	if (coins < 1 || coins - from_pool > balance->coins)
		return false;
	balance->pool -= from_pool;
	balance->coins -= coins - from_pool;
	balance->held += coins;
	note_id(record, RULE_WITHDRAWAL_HELD, &holding->id, coins);
	if (from_pool < coins)
		note_id(record, RULE_WITHDRAWAL_FROM_COINS, &holding->id, coins - from_pool);
	return true;
}

/* Holds or rejects a withdrawal, guarded by its still being what was counted. */
static void holding_change(struct record *record, const struct holding *holding, bool held)
{
	struct arena *arena = record->batch->arena;
	int64_t now = record->batch->call.now;
	bson_t *filter = DOC(arena, ID("_id", &holding->id));
	bson_t *set = held ? DOC(arena, WHOLE("withdrawal_coin", holding->coins)) :
			     DOC(arena, STATUS(REJECTED), TEXT("rejection_reason", NOT_COVERED),
				 DATE("processed_date", now), DATE("updatedAt", now));

	doc_unchanged(filter, holding->doc, "status");
	doc_unchanged(filter, holding->doc, "withdrawal_coin");
	txn_update(&record->txn, WITHDRAWALS, filter, DOC(arena, PART("$set", set)), ERR_CONFLICT);
}

static void holding_settle(struct record *record, struct balance *balance,
			   const struct holding *holding)
{
	/* asked for with us: held from the start */
	bool ours = journal_has(record->batch, "hold", &holding->id);

	if (holding->approved) {
		int64_t most = COINS_MOST - balance->approved;

		if (!ours)
			balance->approved += holding->coins < most ? holding->coins : most;
		return;
	}
	bool held = (!ours || balance->restored) && hold(record, balance, holding);
	balance->withdrawals += held || ours;
	if (ours)
		return;
	holding_change(record, holding, held);
	if (held) {
		hold_account(record, &record->id, &holding->id, holding->coins);
		return;
	}
	rejected_tell(record, &record->id, holding->doc, WITHDRAWAL_OF(record, holding->coins),
		      NOT_COVERED);
	note_id(record, RULE_WITHDRAWAL_NOT_COVERED, &holding->id, holding->coins);
}

/* Decides which withdrawals hold coins, oldest first. What is left of pending_coins was of approved ones, and the rest
 * goes back. */
static void balance_settle(struct record *record, struct balance *balance)
{
	const struct batch *batch = record->batch;
	const struct holding *first = batch->rows;
	const struct holding *theirs = row_of(batch, sizeof *theirs, &record->id);

	while (theirs && theirs > first && id_equal(&theirs[-1].owner, &record->id))
		theirs--;
	for (; theirs && theirs < first + batch->row_count && id_equal(&theirs->owner, &record->id);
	     theirs++)
		holding_settle(record, balance, theirs);
	int64_t spent = balance->approved < balance->pool ? balance->approved : balance->pool;
	int64_t back = balance->pool - spent;
	if (spent)
		note(record, RULE_USER_PENDING_SPENT, spent);
	if (back)
		note(record, RULE_USER_PENDING_BACK, back);
	balance->coins += back;
}

/* ---- the change ---- */

/* "Buyer", " buyer": the older server gave it none of its rights. */
static void role_set(struct record *record)
{
	struct arena *arena = record->batch->arena;
	const char *text = doc_text(record->doc, "role");
	const char *folded = text ? email_fold(arena, bare_text(arena, text)) : NULL;

	if (is_absent(record->doc, "role")) {
		note(record, RULE_USER_ROLE_SET, 0);
		SET(record, TEXT("role", "worker"));
	} else if (role_of(folded) == ROLE_NONE) {
		note(record, RULE_USER_ROLE_UNKNOWN, 0);
	} else if (strcmp(folded, text) != 0) {
		note(record, RULE_USER_ROLE_FOLDED, 0);
		SET(record, TEXT("role", folded));
	}
}

/* The address without its blanks, and the key of it, by which it is found in any case. */
static void email_set(struct record *record, const struct person *person)
{
	const char *email = doc_text(record->doc, "email");

	note_if(!email, record, RULE_USER_EMAIL_MISSING);
	if (!email || !person || !*person->email)
		return;
	if (person->blank) {
		note(record, RULE_USER_EMAIL_BLANKS, 0);
	} else if (strcmp(person->email, email) != 0) {
		note(record, RULE_USER_EMAIL_TRIMMED, 0);
		SET(record, TEXT("email", person->email));
	}
	note_if(!person->first, record, RULE_USER_EMAIL_SHARED);
	if (person->first && !person->keyed)
		SET(record, TEXT("email_key", email_fold(record->batch->arena, person->email)));
}

static void user_set(struct record *record, const struct person *person,
		     const struct balance *balance)
{
	SET(record, WHOLE("coins", balance->coins), WHOLE("pending_coins", balance->held),
	    INT("open_tasks", person ? person->open_tasks : 0),
	    INT("pending_submissions", person ? person->pending_submissions : 0),
	    INT("pending_withdrawals", (int32_t)balance->withdrawals));
	role_set(record);
	email_set(record, person);
}

static int user_plan(struct record *record)
{
	const struct person *person = person_of(record);
	bool in_the_books = record->has_id && journal_has(record->batch, "user", &record->id);

	/* nobody can be named by such an _id: no call reaches the coins */
	if (!record->has_id) {
		note(record, RULE_USER_ID_ODD, 0);
		user_set(record, NULL, &(struct balance){ 0 });
		return MARK_ADOPTED;
	}
	/* the user changed since: left to the next look */
	if (!person)
		return 0;
	note_if(in_the_books, record, RULE_USER_KNOWN);
	struct balance balance = balance_read(record, in_the_books);
	balance_settle(record, &balance);
	user_set(record, person, &balance);
	if (!in_the_books)
		open_account(record, "opening:user", RULE_USER_OPENED,
			     balance.coins + balance.held);
	return MARK_ADOPTED;
}

const struct pass users_pass = {
	.doing = "users",
	.in = USERS,
	.begin = users_begin,
	.look = users_look,
	.plan = user_plan,
};
