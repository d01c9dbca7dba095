/* Payments and notifications: whose they are. */
#include "migrate/adoption_private.h"

#include "market/status.h"
#include "store/doc.h"

#include <string.h>

/* ---- payments ---- */

/* Payments that come late may have been credited by us before. */
static enum err payments_look(struct batch *batch)
{
	for (size_t i = 0; i < batch->count && batch->adoption->order->late; i++)
		journal_want(batch, "purchase", &batch->records[i].id);
	return OK;
}

static bool is_credited(const struct batch *batch, const struct record *record)
{
	return record->has_id && strcmp(status_of(record->doc, "pending"), "completed") &&
	       journal_has(batch, "purchase", &record->id);
}

/* Completed by what was under way; so whoever asks about that finds it done. */
static void credited_set(struct batch *batch, struct record *record)
{
	const char *intent = doc_text(record->doc, "intent_id");

	note(batch, record, RULE_PAYMENT_CREDITED, 0);
	BSON_APPEND_UTF8(record->set, "status", status_name(STATUS_COMPLETED));
	if (!intent || record->key || doc_text(record->doc, "transaction_id"))
		return;
	BSON_APPEND_UTF8(record->set, "transaction_id", intent);
	BSON_APPEND_UTF8(record->set, transaction_key.field, intent);
}

/* The oldest ones call it coins and amount. */
static void payment_amounts_set(struct batch *batch, struct record *record)
{
	const bson_t *doc = record->doc;
	struct amount coins = amount_read(doc, "coin_amount", ADOPTION_COINS_MOST);
	bson_iter_t at;

	if (!coins.there)
		coins = amount_read(doc, "coins", ADOPTION_COINS_MOST);
	BSON_APPEND_INT64(record->set, "coin_amount", coins.value);
	if (coins.floored)
		note(batch, record, RULE_PAYMENT_FLOORED, 0);
	else if (!coins.good)
		note(batch, record, RULE_PAYMENT_BAD, 0);
	if (!bson_has_field(doc, "price") && bson_iter_init_find(&at, doc, "amount"))
		bson_append_iter(record->set, "price", -1, &at);
}

static void payment_plan(struct batch *batch, struct record *record)
{
	if (!owner_set(batch, record, "buyer_id", "buyer_email"))
		note(batch, record, RULE_PAYMENT_OWNERLESS, 0);
	payment_amounts_set(batch, record);
	if (is_credited(batch, record))
		credited_set(batch, record);
	else
		set_default(record->set, record->doc, "status", status_name(STATUS_PENDING));
	set_date(record->set, record->doc, "payment_date", created_at(record->doc));
	set_times(record->set, record->doc);
	record_change(batch, record, &payments_pass, MARK_ADOPTED);
}

const struct pass payments_pass = {
	.doing = "payments",
	.in = PAYMENTS,
	.key = &transaction_key,
	.look = payments_look,
	.plan = payment_plan,
};

/* ---- notifications ---- */

static void set_false(bson_t *set, const bson_t *doc, const char *field)
{
	bson_iter_t at;

	if (!bson_iter_init_find(&at, doc, field) || !BSON_ITER_HOLDS_BOOL(&at))
		BSON_APPEND_BOOL(set, field, false);
}

static void notification_plan(struct batch *batch, struct record *record)
{
	if (!owner_set(batch, record, "user_id", "toEmail"))
		note(batch, record, RULE_NOTIFICATION_OWNERLESS, 0);
	set_false(record->set, record->doc, "isRead");
	set_false(record->set, record->doc, "archived");
	set_times(record->set, record->doc);
	record_change(batch, record, &notifications_pass, MARK_ADOPTED);
}

const struct pass notifications_pass = {
	.doing = "notifications",
	.in = NOTIFICATIONS,
	.plan = notification_plan,
};
