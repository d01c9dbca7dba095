/* Withdrawals: whose they are. Pending ones get their coins with their worker (adoption_users.c), or, where that one is
 * in the books already, here. */
#include "migrate/adoption_private.h"

#include "base/count.h"
#include "market/status.h"
#include "market/withdrawals.h"
#include "store/doc.h"

#include <string.h>

/* Its worker, if that one is in the books already. */
static const struct person *late_worker(const struct batch *batch, const struct record *record)
{
	const struct person *owner = owner_of(batch, record->doc, "worker_id", "worker_email");

	return owner && owner->marked && record->has_id &&
			       !strcmp(status_of(record->doc, "pending"), "pending") ?
		       owner :
		       NULL;
}

/* What late workers can spend at this moment: beside calls of theirs, what all users had at first is soon out of date. */
struct purse {
	struct id id;
	int64_t coins;
};

struct purses {
	struct arena *arena;
	struct purse *list; /* in the order of their ids */
	size_t count, room;
};

static bool purse_take(void *context, const bson_t *user)
{
	struct purses *purses = context;

	purses->list = arena_grow(purses->arena, purses->list, purses->count, &purses->room,
				  sizeof *purses->list);
	purses->list[purses->count++] =
		(struct purse){ doc_own_id(user), doc_whole(user, "coins", 0) };
	return true;
}

static enum err purses_read(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct purses *purses = batch->known = arena_alloc(arena, sizeof *purses);
	struct doc_array ids = doc_array_new(arena);

	purses->arena = arena;
	for (size_t i = 0; i < batch->count; i++) {
		const struct person *worker = late_worker(batch, &batch->records[i]);

		if (worker)
			doc_array_id(&ids, &worker->id);
	}
	if (!ids.count)
		return OK;
	enum err err =
		db_each(batch->db, USERS,
			mark_ask(arena, USERS, DOC(arena, SUB("_id", ARRAY("$in", ids.doc)))),
			doc_parse(arena, "{\"projection\": {\"coins\": 1}}"), purse_take, purses);
	rows_sort(purses->list, purses->count, sizeof *purses->list);
	return err;
}

/* Withdrawals that come late may have been held and decided by us before. */
static enum err withdrawals_look(struct batch *batch)
{
	static const char *const kinds[] = { "hold", "payout", "release" };

	for (size_t i = 0; i < batch->count; i++)
		for (size_t kind = 0; kind < COUNT_OF(kinds); kind++)
			if (batch->adoption->order->late || late_worker(batch, &batch->records[i]))
				journal_want(batch, kinds[kind], &batch->records[i].id);
	return purses_read(batch);
}

static void withdrawal_amount_set(struct batch *batch, struct record *record, bool pending)
{
	struct amount coins = amount_read(record->doc, "withdrawal_coin", ADOPTION_COINS_MOST);
	bson_iter_t at;

	BSON_APPEND_INT64(record->set, "withdrawal_coin", coins.value);
	if (coins.floored)
		note(batch, record, RULE_WITHDRAWAL_FLOORED, 0);
	else if (!coins.good)
		note(batch, record, RULE_WITHDRAWAL_BAD, 0);
	/* what was paid out stays as it was told */
	if ((pending && coins.floored) ||
	    !bson_iter_init_find(&at, record->doc, "withdrawal_amount"))
		BSON_APPEND_DOUBLE(record->set, "withdrawal_amount",
				   (double)coins.value / WITHDRAWAL_COINS_A_DOLLAR);
}

static void withdrawal_reject(struct batch *batch, struct record *record, enum rule rule,
			      const char *reason)
{
	bson_t *set = record->set;

	note(batch, record, rule, 0);
	BSON_APPEND_UTF8(set, "status", status_name(STATUS_REJECTED));
	BSON_APPEND_UTF8(set, "rejection_reason", reason);
	BSON_APPEND_DATE_TIME(set, "processed_date", batch->call->now);
}

static void withdrawal_status_set(struct batch *batch, struct record *record, bool has_owner)
{
	const char *status = status_of(record->doc, "pending");

	if (!strcmp(status, "pending") && !(has_owner && record->has_id)) {
		withdrawal_reject(batch, record, RULE_WITHDRAWAL_NO_WORKER,
				  "The worker's account no longer exists.");
		return;
	}
	if (!has_owner)
		note(batch, record, RULE_WITHDRAWAL_OWNERLESS, 0);
	if (strcmp(status, "pending") && strcmp(status, "approved") && strcmp(status, "rejected"))
		note(batch, record, RULE_WITHDRAWAL_STATUS_UNKNOWN, 0);
	set_default(record->set, record->doc, "status", status_name(STATUS_PENDING));
}

/* ---- of a worker in the books ---- */

static void late_hold(struct batch *batch, struct record *record, const struct person *worker,
		      int64_t coins)
{
	struct arena *arena = batch->arena;

	note(batch, record, RULE_WITHDRAWAL_HELD, coins);
	note(batch, record, RULE_WITHDRAWAL_FROM_COINS, coins);
	txn_update(&record->txn, USERS,
		   DOC(arena, ID("_id", &worker->id), SUB("coins", WHOLE("$gte", coins))),
		   DOC(arena, SUB("$inc", WHOLE("coins", -coins), WHOLE("pending_coins", coins),
				  INT("pending_withdrawals", 1))),
		   ERR_CONFLICT);
	hold_account(batch, record, &worker->id, &record->id, coins);
}

/* Held before, as the journal says; else held now, from coins, or rejected. */
static void late_withdrawal(struct batch *batch, struct record *record, const struct person *worker)
{
	const struct purses *purses = batch->known;
	const struct purse *purse =
		row_find(purses->list, purses->count, sizeof *purses->list, &worker->id);
	bool held = journal_has(batch, "hold", &record->id);
	int64_t coins = amount_read(record->doc, "withdrawal_coin", ADOPTION_COINS_MOST).value;

	/* removed since: with the next look */
	if (!purse)
		return;
	bool covered = held || (coins > 0 && coins <= purse->coins);
	if (covered)
		set_default(record->set, record->doc, "status", status_name(STATUS_PENDING));
	else
		withdrawal_reject(batch, record, RULE_WITHDRAWAL_NOT_COVERED,
				  WITHDRAWAL_NOT_COVERED);
	record_change(batch, record, &withdrawals_pass, MARK_ADOPTED);
	if (!covered)
		refusal_tell(batch, record, &worker->id, record->doc, coins);
	else if (!held)
		late_hold(batch, record, worker, coins);
}

/* What became of it, by the journal; NULL: it is pending. */
static const char *decided(const struct batch *batch, const struct record *record)
{
	return journal_has(batch, "payout", &record->id)  ? "approved" :
	       journal_has(batch, "release", &record->id) ? "rejected" :
							    NULL;
}

static void withdrawal_plan(struct batch *batch, struct record *record)
{
	bool pending = !strcmp(status_of(record->doc, "pending"), "pending");
	bool has_owner = owner_set(batch, record, "worker_id", "worker_email") != NULL;
	const struct person *late = late_worker(batch, record);
	const char *verdict = pending && record->has_id ? decided(batch, record) : NULL;

	withdrawal_amount_set(batch, record, pending);
	set_date(record->set, record->doc, "withdraw_date", created_at(record->doc));
	set_times(record->set, record->doc);
	if (late && !verdict) {
		late_withdrawal(batch, record, late);
		return;
	}
	if (verdict) {
		note(batch, record, RULE_WITHDRAWAL_DECIDED, 0);
		BSON_APPEND_UTF8(record->set, "status", verdict);
	} else {
		withdrawal_status_set(batch, record, has_owner);
	}
	record_change(batch, record, &withdrawals_pass, MARK_ADOPTED);
}

const struct pass withdrawals_pass = {
	.doing = "withdrawals",
	.in = WITHDRAWALS,
	.look = withdrawals_look,
	.plan = withdrawal_plan,
};
