/*
 * Users: what they own, what their pending withdrawals hold, and what the journal opens with.
 *
 * A user and all of their pending withdrawals are adopted in one transaction: what one withdrawal holds, the next one
 * cannot. The older server moved coins to pending_coins when a withdrawal was asked for and then forgot them, approved
 * or rejected; an earlier one took them from coins when it approved.
 */
#include "migrate/adoption_private.h"

#include "base/count.h"
#include "base/email.h"
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/status.h"
#include "store/doc.h"

#include <stddef.h>
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

/* Where they are few, an index leads to what is theirs. */
static bson_t *of_unmarked(struct adoption *adoption, struct arena *arena, const char *field)
{
	const struct people *people = &adoption->people;
	struct doc_array ids = doc_array_new(arena);

	if (people->unmarked > UNMARKED_FEW || !adoption->order->late)
		return DOC(arena, NULL);
	for (size_t i = 0; i < people->count; i++)
		if (!people->list[i].marked)
			doc_array_id(&ids, &people->list[i].id);
	return DOC(arena, SUB(field, ARRAY("$in", ids.doc)));
}

static enum err count_by(struct adoption *adoption, enum collection in, const char *owner,
			 const char *status, size_t counter)
{
	struct arena *arena = arena_new();
	bson_t *match = of_unmarked(adoption, arena, owner);

	BSON_APPEND_UTF8(match, "status", status);
	/* what comes later than its owner is counted when it is adopted */
	bson_t *stages = PIPELINE(arena, ITEM(PART("$match", mark_ask(arena, in, match))),
				  STAGE("$group", TEXT("_id", arena_printf(arena, "$%s", owner)),
					SUB("n", INT("$sum", 1))));
	enum err err = db_aggregate(adoption->order->db, in, stages,
				    DOC(arena, BOOL("allowDiskUse", true)), count_take,
				    &(struct counting){ &adoption->people, counter });

	arena_free(arena);
	return err;
}

static enum err users_begin(struct adoption *adoption)
{
	enum err err;

	if (!adoption->people.unmarked)
		return OK;
	err = count_by(adoption, TASKS, "buyer_id", "active", offsetof(struct person, open_tasks));
	return err == OK ? count_by(adoption, SUBMISSIONS, "worker_id", "pending",
				    offsetof(struct person, pending_submissions)) :
			   err;
}

static enum err users_look(struct batch *batch)
{
	struct holdings *holdings = batch->known = arena_alloc(batch->arena, sizeof *holdings);

	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].has_id)
			journal_want_owner(batch, "user", &batch->records[i].id);
	return holdings_read(batch, holdings);
}

/* Asked for with us: held from the start. */
static bool is_ours(const struct batch *batch, const struct holding *holding)
{
	return journal_has(batch, "hold", &holding->id);
}

/* ---- what becomes of the coins ---- */

struct balance {
	int64_t coins, held;
	int64_t pool; /* old pending_coins that nothing holds yet */
	int64_t withdrawals; /* pending ones that hold coins */
	bool restored; /* an older server's, over one in the books: what the journal holds is held again */
};

/* From pending_coins, then from coins. */
static bool hold(struct batch *batch, struct record *record, struct balance *balance,
		 const struct holding *holding)
{
	int64_t coins = holding->coins;
	int64_t from_pool = coins < balance->pool ? coins : balance->pool;

	if (coins < 1 || coins - from_pool > balance->coins)
		return false;
	balance->pool -= from_pool;
	balance->coins -= coins - from_pool;
	balance->held += coins;
	balance->withdrawals++;
	note_id(batch, record, RULE_WITHDRAWAL_HELD, &holding->id, coins);
	if (from_pool < coins)
		note_id(batch, record, RULE_WITHDRAWAL_FROM_COINS, &holding->id, coins - from_pool);
	return true;
}

void refusal_tell(struct batch *batch, struct record *record, const struct id *worker,
		  const bson_t *withdrawal, int64_t coins)
{
	notify(batch->call, &record->txn,
	       &(struct notice){
		       .user = worker,
		       .email = doc_text(withdrawal, "worker_email"),
		       .kind = NOTICE_WITHDRAWAL,
		       .page = PAGE_WORKER_WITHDRAWALS,
		       .message = arena_printf(
			       batch->arena,
			       "Your withdrawal of %lld coins was rejected. Reason: %s",
			       (long long)coins, WITHDRAWAL_NOT_COVERED),
	       });
}

static void holding_refuse(struct batch *batch, struct record *record,
			   const struct holding *holding)
{
	struct arena *arena = batch->arena;
	bson_t *filter = DOC(arena, ID("_id", &holding->id));

	doc_unchanged(filter, holding->doc, "status");
	txn_update(&record->txn, WITHDRAWALS, filter,
		   DOC(arena, SUB("$set", STATUS(REJECTED),
				  TEXT("rejection_reason", WITHDRAWAL_NOT_COVERED),
				  DATE("processed_date", batch->call->now),
				  DATE("updatedAt", batch->call->now))),
		   ERR_CONFLICT);
	refusal_tell(batch, record, &record->id, holding->doc, holding->coins);
	note_id(batch, record, RULE_WITHDRAWAL_NOT_COVERED, &holding->id, holding->coins);
}

/* Guards that the withdrawal is still what was counted. */
static void still_pending(struct batch *batch, struct record *record, const struct holding *holding)
{
	bson_t *filter = DOC(batch->arena, ID("_id", &holding->id));

	doc_unchanged(filter, holding->doc, "status");
	doc_unchanged(filter, holding->doc, "withdrawal_coin");
	txn_update(&record->txn, WITHDRAWALS, filter,
		   DOC(batch->arena, SUB("$set", WHOLE("withdrawal_coin", holding->coins))),
		   ERR_CONFLICT);
}

/* ---- the change ---- */

static struct balance balance_read(struct batch *batch, struct record *record, bool known_before)
{
	struct amount coins = amount_read(record->doc, "coins", ADOPTION_COINS_MOST);
	struct amount pending = amount_read(record->doc, "pending_coins", ADOPTION_COINS_MOST);
	struct balance balance = { .coins = coins.value };

	balance.restored = known_before && !bson_has_field(record->doc, "pending_withdrawals");
	if (known_before && !balance.restored)
		balance.held = pending.value;
	else
		balance.pool = pending.value;
	if (coins.floored || pending.floored)
		note(batch, record, RULE_USER_COINS_FLOORED, 0);
	if (!coins.good || (pending.there && !pending.good))
		note(batch, record, RULE_USER_COINS_BAD, 0);
	return balance;
}

/* Decides which withdrawals hold coins, oldest first: held[i] says so. What is left of pending_coins was of approved
 * ones, and the rest goes back. */
static void balance_settle(struct batch *batch, struct record *record, struct balance *balance,
			   const struct holding *holdings, size_t count, bool *held)
{
	int64_t approved = 0, spent;

	for (size_t i = 0; i < count; i++) {
		if (is_ours(batch, &holdings[i]) && !(balance->restored && !holdings[i].approved))
			continue;
		if (holdings[i].approved)
			approved += holdings[i].coins < ADOPTION_COINS_MOST - approved ?
					    holdings[i].coins :
					    ADOPTION_COINS_MOST - approved;
		else
			held[i] = hold(batch, record, balance, &holdings[i]);
	}
	spent = approved < balance->pool ? approved : balance->pool;
	if (spent)
		note(batch, record, RULE_USER_PENDING_SPENT, spent);
	if (balance->pool > spent)
		note(batch, record, RULE_USER_PENDING_BACK, balance->pool - spent);
	balance->coins += balance->pool - spent;
	balance->pool = 0;
}

static void withdrawals_plan(struct batch *batch, struct record *record,
			     const struct holding *holdings, size_t count, const bool *held)
{
	for (size_t i = 0; i < count; i++)
		if (held[i] && !is_ours(batch, &holdings[i]))
			hold_account(batch, record, &record->id, &holdings[i].id,
				     holdings[i].coins);
	for (size_t i = 0; i < count; i++) {
		if (is_ours(batch, &holdings[i]) || holdings[i].approved)
			continue;
		if (!held[i])
			holding_refuse(batch, record, &holdings[i]);
		else
			still_pending(batch, record, &holdings[i]);
	}
}

/* "Buyer", " buyer": the older server gave it none of its rights. */
static void role_set(struct batch *batch, struct record *record)
{
	const char *text = doc_text(record->doc, "role");
	const char *folded = text ? text_folded(batch->arena, text) : NULL;

	set_default(record->set, record->doc, "role", "worker");
	if (bson_has_field(record->set, "role")) {
		note(batch, record, RULE_USER_ROLE_SET, 0);
	} else if (role_of(folded) == ROLE_NONE) {
		note(batch, record, RULE_USER_ROLE_UNKNOWN, 0);
	} else if (strcmp(folded, text) != 0) {
		note(batch, record, RULE_USER_ROLE_FOLDED, 0);
		BSON_APPEND_UTF8(record->set, "role", folded);
	}
}

/* The address without its blanks, and the key of it, by which it is found in any case. */
static void email_set(struct batch *batch, struct record *record, const struct person *person)
{
	const char *email = doc_text(record->doc, "email");

	if (!email) {
		note(batch, record, RULE_USER_EMAIL_MISSING, 0);
		return;
	}
	if (!person || !*person->email)
		return;
	if (person->blank) {
		note(batch, record, RULE_USER_EMAIL_BLANKS, 0);
	} else if (strcmp(person->email, email) != 0) {
		note(batch, record, RULE_USER_EMAIL_TRIMMED, 0);
		BSON_APPEND_UTF8(record->set, "email", person->email);
	}
	if (!person->first)
		note(batch, record, RULE_USER_EMAIL_SHARED, 0);
	else if (!person->keyed)
		BSON_APPEND_UTF8(record->set, "email_key", email_fold(batch->arena, person->email));
}

static void user_set(struct batch *batch, struct record *record, const struct person *person,
		     const struct balance *balance)
{
	bson_t *set = record->set;

	BSON_APPEND_INT64(set, "coins", balance->coins);
	BSON_APPEND_INT64(set, "pending_coins", balance->held);
	BSON_APPEND_INT32(set, "open_tasks", person ? person->open_tasks : 0);
	BSON_APPEND_INT32(set, "pending_submissions", person ? person->pending_submissions : 0);
	BSON_APPEND_INT32(set, "pending_withdrawals", (int32_t)balance->withdrawals);
	set_date(set, record->doc, "createdAt", created_at(record->doc));
	role_set(batch, record);
	email_set(batch, record, person);
}

static void user_change(struct batch *batch, struct record *record)
{
	record_change(batch, record, &users_pass, MARK_ADOPTED);
}

/* Nobody can be named by such an _id: no call reaches the coins. */
static void odd_user_plan(struct batch *batch, struct record *record)
{
	note(batch, record, RULE_USER_ID_ODD, 0);
	user_set(batch, record, NULL, &(struct balance){ 0 });
	user_change(batch, record);
}

/* Those asked for with us that are not held anew are pending all the same. */
static int64_t ours_pending(const struct batch *batch, const struct holding *holdings, size_t count,
			    const bool *held)
{
	int64_t pending = 0;

	for (size_t i = 0; i < count; i++)
		pending += is_ours(batch, &holdings[i]) && !holdings[i].approved && !held[i];
	return pending;
}

static void user_open(struct batch *batch, struct record *record, const struct balance *balance)
{
	int64_t coins = balance->coins + balance->held;

	if (!coins)
		return;
	note(batch, record, RULE_USER_OPENED, coins);
	open_account(batch, record, "user", account_user(&record->id), &record->id, NULL, coins);
}

static void user_plan(struct batch *batch, struct record *record)
{
	size_t count;
	const struct holding *holdings = holdings_of(batch->known, &record->id, &count);
	bool *held = arena_alloc(batch->arena, count + 1);
	bool known_before = journal_knows(batch, &record->id);
	const struct person *person = person_of(batch, record);

	if (!record->has_id) {
		odd_user_plan(batch, record);
		return;
	}
	/* it changed since: with the next look */
	if (!person)
		return;
	if (known_before)
		note(batch, record, RULE_USER_KNOWN, 0);
	struct balance balance = balance_read(batch, record, known_before);
	balance_settle(batch, record, &balance, holdings, count, held);
	balance.withdrawals += ours_pending(batch, holdings, count, held);
	user_set(batch, record, person, &balance);
	user_change(batch, record);
	if (!known_before)
		user_open(batch, record, &balance);
	withdrawals_plan(batch, record, holdings, count, held);
}

const struct pass users_pass = {
	.doing = "users",
	.in = USERS,
	.begin = users_begin,
	.look = users_look,
	.plan = user_plan,
};
