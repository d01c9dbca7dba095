/* Payments and notifications: whose they are. */
#include "migrate/adoption_private.h"

#include "base/count.h"

/* Payments that come late may have been credited by us before. */
static enum err payments_look(struct batch *batch)
{
	for (size_t i = 0; i < batch->count && batch->adoption->order->late; i++)
		journal_want(batch, "purchase", &batch->records[i].id);
	return OK;
}

/* Completed by what was under way; so whoever asks about that finds it done. */
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
	.key = &transaction_key,
	.look = payments_look,
	.plan = payment_plan,
};

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
