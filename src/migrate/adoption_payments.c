/* Withdrawals, payments and notifications: whose they are, and what the journal says of those that come late. Pending
 * withdrawals get their coins with their worker (adoption_users.c), or, where that one is in the books already,
 * here. */
#include "migrate/adoption_pass.h"

#include "base/count.h"
#include "market/withdrawals.h"

/* ---- withdrawals ---- */

/* Is it pending, and its worker in the books already? */
static bool is_late(const struct record *record)
{
	return record->owner && record->owner->marked && record->has_id &&
	       record_is(record, STATUS_PENDING);
}

/* What the workers of late withdrawals can spend now: they make calls meanwhile, so an earlier reading may be out of
 * date. */
struct purse {
	struct id id;
	int64_t coins;
};

static bool purse_take(void *context, const bson_t *user)
{
	struct purse purse = { doc_own_id(user), doc_whole(user, "coins", 0) };

	row_add(context, &purse, sizeof purse);
	return true;
}

/* Withdrawals that come late may have been held and decided by us before. */
static enum err withdrawals_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
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
	bson_t *theirs = DOC(arena, SUB("_id", ARRAY("$in", ids.doc)));
	enum err err = db_each(batch->db, USERS, mark_ask(arena, USERS, theirs),
			       DOC(arena, SUB("projection", INT("coins", 1))), purse_take, batch);
	rows_sort(batch->rows, batch->row_count, sizeof(struct purse));
	return err;
}

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
	const struct purse *purse = row_of(record->batch, sizeof *purse, &record->owner->id);

	/* removed since: left to the next look */
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

/* ---- payments ---- */

/* Payments that come late may have been credited by us before. */
static enum err payments_look(struct batch *batch)
{
	for (size_t i = 0; i < batch->count && batch->adoption->order->late; i++)
		journal_want(batch, "purchase", &batch->records[i].id);
	return OK;
}

/* Completed with the intent that was under way, so whoever asks about that intent finds it done. */
static void credited_set(struct record *record)
{
	const char *intent = doc_text(record->doc, "intent_id");

	note(record, RULE_PAYMENT_CREDITED, 0);
	SET(record, STATUS(COMPLETED));
	if (!intent || record->key || doc_text(record->doc, "transaction_id"))
		return;
	SET(record, TEXT("transaction_id", intent));
	record->key = intent;
}

static const char *transaction_text(const struct batch *batch, const bson_t *payment)
{
	const char *transaction = doc_text(payment, "transaction_id");

	(void)batch;
	return transaction && *transaction ? transaction : NULL;
}

static int payment_plan(struct record *record)
{
	bson_iter_t at;

	note_if(!record->owner, record, RULE_PAYMENT_OWNERLESS);
	/* as the oldest ones call it */
	if (!bson_has_field(record->doc, "price") &&
	    bson_iter_init_find(&at, record->doc, "amount"))
		bson_append_iter(record->set, "price", -1, &at);
	if (record->has_id && !record_is(record, STATUS_COMPLETED) &&
	    journal_has(record->batch, "purchase", &record->id))
		credited_set(record);
	return MARK_ADOPTED;
}

const struct pass payments_pass = {
	.doing = "payments",
	.in = PAYMENTS,
	.owner = { BY_BUYER },
	.status = "pending",
	.date = "payment_date",
	.coins = { "coin_amount", "coins", COINS_MOST, RULE_PAYMENT_FLOORED, RULE_PAYMENT_BAD },
	.key = { "txn_key", RULE_PAYMENT_TWICE, STATUS_COMPLETED, transaction_text },
	.look = payments_look,
	.plan = payment_plan,
};

/* ---- notifications ---- */

static int notification_plan(struct record *record)
{
	static const char *const flags[] = { "isRead", "archived" };
	bson_iter_t at;

	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (!bson_iter_init_find(&at, record->doc, flags[i]) || !BSON_ITER_HOLDS_BOOL(&at))
			SET(record, BOOL(flags[i], false));
	note_if(!record->owner, record, RULE_NOTIFICATION_OWNERLESS);
	return MARK_ADOPTED;
}

const struct pass notifications_pass = {
	.doing = "notifications",
	.in = NOTIFICATIONS,
	.owner = { "user_id", "toEmail" },
	.plan = notification_plan,
};
