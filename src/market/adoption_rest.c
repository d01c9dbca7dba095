/* Withdrawals, payments and notifications: whose they are. Pending withdrawals get their coins with their worker
 * (adoption_users.c). */
#include "market/adoption_private.h"

#include "market/withdrawals.h"
#include "store/doc.h"

#include <string.h>

/* ---- owners ---- */

static enum err owners_look(struct batch *batch, const char *id_field, const char *email_field)
{
	struct people *people = arena_alloc(batch->arena, sizeof *people);

	batch->known = people;
	people_start(people, batch, batch->arena);
	for (size_t i = 0; i < batch->count; i++)
		people_want_owner(people, batch->records[i].doc, id_field, email_field);
	return people_read(people);
}

static bool owner_set(struct batch *batch, struct record *record, const char *id_field,
		      const char *email_field)
{
	struct id owner;
	bool has_owner = people_owner(batch->known, record->doc, id_field, email_field, &owner);

	if (has_owner)
		BSON_APPEND_OID(record->set, id_field, doc_oid(&owner));
	return has_owner;
}

/* ---- withdrawals ---- */

static enum err withdrawals_look(struct batch *batch)
{
	return owners_look(batch, "worker_id", "worker_email");
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

static void withdrawal_status_set(struct batch *batch, struct record *record, bool has_owner)
{
	const char *status = status_of(record->doc, "pending");
	bson_t *set = record->set;

	if (!strcmp(status, "pending") && !(has_owner && record->has_id)) {
		note(batch, record, RULE_WITHDRAWAL_NO_WORKER, 0);
		BSON_APPEND_UTF8(set, "status", "rejected");
		BSON_APPEND_UTF8(set, "rejection_reason", "The worker's account no longer exists.");
		BSON_APPEND_DATE_TIME(set, "processed_date", batch->call->now);
		return;
	}
	if (!has_owner)
		note(batch, record, RULE_WITHDRAWAL_OWNERLESS, 0);
	if (strcmp(status, "pending") && strcmp(status, "approved") && strcmp(status, "rejected"))
		note(batch, record, RULE_WITHDRAWAL_STATUS_UNKNOWN, 0);
	set_default(set, record->doc, "status", "pending");
}

static void withdrawal_plan(struct batch *batch, struct record *record)
{
	bool pending = !strcmp(status_of(record->doc, "pending"), "pending");
	bool has_owner = owner_set(batch, record, "worker_id", "worker_email");

	withdrawal_amount_set(batch, record, pending);
	withdrawal_status_set(batch, record, has_owner);
	set_date(record->set, record->doc, "withdraw_date", created_at(record->doc));
	set_times(record->set, record->doc);
	doc_unchanged(record->filter, record->doc, "status");
	doc_unchanged(record->filter, record->doc, "withdrawal_coin");
	record_change(batch, record, WITHDRAWALS);
}

const struct pass withdrawals_pass = {
	.doing = "withdrawals",
	.in = WITHDRAWALS,
	.filter = "{\"" ADOPTED_MARK "\": {\"$exists\": false}}",
	.look = withdrawals_look,
	.plan = withdrawal_plan,
};

/* ---- payments ---- */

static enum err payments_look(struct batch *batch)
{
	return owners_look(batch, "buyer_id", "buyer_email");
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
	set_default(record->set, record->doc, "status", "pending");
	set_date(record->set, record->doc, "payment_date", created_at(record->doc));
	set_times(record->set, record->doc);
	doc_unchanged(record->filter, record->doc, "status");
	record_change(batch, record, PAYMENTS);
}

const struct pass payments_pass = {
	.doing = "payments",
	.in = PAYMENTS,
	.filter = "{\"" ADOPTED_MARK "\": {\"$exists\": false}}",
	.look = payments_look,
	.plan = payment_plan,
};

/* ---- notifications ---- */

static enum err notifications_look(struct batch *batch)
{
	return owners_look(batch, "user_id", "toEmail");
}

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
	record_change(batch, record, NOTIFICATIONS);
}

const struct pass notifications_pass = {
	.doing = "notifications",
	.in = NOTIFICATIONS,
	/* ours, those of adoption itself among them, have both fields from the start */
	.filter = "{\"" ADOPTED_MARK
		  "\": {\"$exists\": false}, \"$or\": [{\"user_id\": {\"$exists\": false}},"
		  " {\"archived\": {\"$exists\": false}}]}",
	.look = notifications_look,
	.plan = notification_plan,
};
