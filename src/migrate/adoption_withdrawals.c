/* Withdrawals: whose they are. Pending ones get their coins with their worker (adoption_users.c), or, where that one is
 * in the books already, here. */
#include "migrate/adoption_private.h"

#include "market/withdrawals.h"

/* Is it pending, and its worker in the books already? */
static bool is_late(const struct record *record)
{
	return record->owner && record->owner->marked && record->has_id &&
	       record_is(record, STATUS_PENDING);
}

/* What late workers can spend at this moment: beside calls of theirs, what all users had at first is soon out of date. */
struct purse {
	struct id id;
	int64_t coins;
};

struct purses {
	struct purse *list; /* sorted by their ids */
	size_t count;
};

static bool purse_take(void *context, const bson_t *user)
{
	struct purses *purses = context;

	purses->list[purses->count++] =
		(struct purse){ doc_own_id(user), doc_whole(user, "coins", 0) };
	return true;
}

/* Withdrawals that come late may have been held and decided by us before. */
static enum err withdrawals_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct purses *purses = batch->known = arena_alloc(arena, sizeof *purses);
	struct doc_array ids = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++) {
		const struct record *record = &batch->records[i];

		if (is_late(record))
			doc_array_id(&ids, &record->owner->id);
		if (!batch->adoption->order->late && !is_late(record))
			continue;
		journal_want(batch, "hold", &record->id);
		journal_want(batch, "payout", &record->id);
		journal_want(batch, "release", &record->id);
	}
	if (!ids.count)
		return OK;
	purses->list = arena_alloc(arena, ids.count * sizeof *purses->list);
	bson_t *theirs = DOC(arena, SUB("_id", ARRAY("$in", ids.doc)));
	enum err err = db_each(batch->db, USERS, mark_ask(arena, USERS, theirs),
			       DOC(arena, SUB("projection", INT("coins", 1))), purse_take, purses);
	rows_sort(purses->list, purses->count, sizeof *purses->list);
	return err;
}

/* ---- of a worker in the books ---- */

static void late_hold(struct record *record, int64_t coins)
{
	struct arena *arena = record->batch->arena;
	const struct id *worker = &record->owner->id;

	note(record, RULE_WITHDRAWAL_HELD, coins);
	note(record, RULE_WITHDRAWAL_FROM_COINS, coins);
	txn_update(&record->txn, USERS,
		   DOC(arena, ID("_id", worker), SUB("coins", WHOLE("$gte", coins))),
		   DOC(arena, SUB("$inc", WHOLE("coins", -coins), WHOLE("pending_coins", coins),
				  INT("pending_withdrawals", 1))),
		   ERR_CONFLICT);
	hold_account(record, worker, &record->id, coins);
}

/* Held before, as the journal says; else held now, from coins, or rejected. */
static int late_plan(struct record *record, int64_t coins)
{
	const struct purses *purses = record->batch->known;
	const struct purse *purse =
		row_find(purses->list, purses->count, sizeof *purses->list, &record->owner->id);

	/* removed since: with the next look */
	if (!purse)
		return 0;
	if (journal_has(record->batch, "hold", &record->id))
		return MARK_ADOPTED;
	if (coins > 0 && coins <= purse->coins) {
		late_hold(record, coins);
		return MARK_ADOPTED;
	}
	reject(record, RULE_WITHDRAWAL_NOT_COVERED, NOT_COVERED, "processed_date");
	rejected_tell(record, &record->owner->id, record->doc, WITHDRAWAL_OF(record, coins),
		      NOT_COVERED);
	return MARK_ADOPTED;
}

/* ---- the change ---- */

static int withdrawal_plan(struct record *record)
{
	const struct batch *batch = record->batch;
	bool pending = record_is(record, STATUS_PENDING);
	struct amount coins = amount_read(record->doc, "withdrawal_coin", COINS_MOST);
	bool paid = pending && record->has_id && journal_has(batch, "payout", &record->id);
	bool back = pending && record->has_id && journal_has(batch, "release", &record->id);

	/* what was paid out stays as it was told */
	if ((pending && coins.floored) || !bson_has_field(record->doc, "withdrawal_amount"))
		SET(record, PAIR("withdrawal_amount",
				 BCON_DOUBLE((double)coins.value / WITHDRAWAL_COINS_A_DOLLAR)));
	if (paid || back) {
		note(record, RULE_WITHDRAWAL_DECIDED, 0);
		SET(record, TEXT("status", status_name(paid ? STATUS_APPROVED : STATUS_REJECTED)));
		return MARK_ADOPTED;
	}
	if (is_late(record))
		return late_plan(record, coins.value);
	if (pending && !(record->owner && record->has_id)) {
		reject(record, RULE_WITHDRAWAL_NO_WORKER, NO_WORKER, "processed_date");
		return MARK_ADOPTED;
	}
	note_if(!record->owner, record, RULE_WITHDRAWAL_OWNERLESS);
	note_if(!pending && !record_is(record, STATUS_APPROVED) &&
			!record_is(record, STATUS_REJECTED),
		record, RULE_WITHDRAWAL_STATUS_UNKNOWN);
	return MARK_ADOPTED;
}

const struct pass withdrawals_pass = {
	.doing = "withdrawals",
	.in = WITHDRAWALS,
	.owner = { BY_WORKER },
	.status = "pending",
	.date = "withdraw_date",
	.coins = { "withdrawal_coin", NULL, COINS_MOST, RULE_WITHDRAWAL_FLOORED,
		   RULE_WITHDRAWAL_BAD },
	.look = withdrawals_look,
	.plan = withdrawal_plan,
};
