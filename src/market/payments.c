#include "market/payments.h"

#include "base/clock.h"
#include "market/payments_private.h"
#include "market/status.h"
#include "store/doc.h"

/* The sweep looks for the first time when whoever opened it has had time enough to finish. */
#define FIRST_LOOK_MS (5 * CLOCK_MINUTE)

/* ---- records ---- */

int64_t payment_coins(const bson_t *doc)
{
	return doc_whole(doc, "coin_amount", doc_whole(doc, "coins", 0));
}

int64_t payment_cents(const bson_t *doc)
{
	return doc_cents(doc, "price", doc_cents(doc, "amount", 0));
}

static bson_t *payment_doc(struct call *call, const struct provider *provider,
			   const struct package *package)
{
	const struct caller *buyer = call->caller;
	struct id id = doc_new_id();

	return DOC(call->arena, ID("_id", &id), ID("buyer_id", &buyer->id),
		   TEXT("buyer_email", buyer->email), TEXT("buyer_name", buyer->name),
		   WHOLE("coin_amount", package->coins), PAIR("price", BCON_CENTS(package->cents)),
		   WHOLE("coins", package->coins), PAIR("amount", BCON_CENTS(package->cents)),
		   TEXT("currency", "usd"), TEXT("payment_method", provider->settings.name),
		   STATUS(PENDING), DATE("payment_date", call->now), DATE("createdAt", call->now),
		   DATE("updatedAt", call->now));
}

static void payment_of(const bson_t *doc, struct payment *payment)
{
	payment->doc = doc;
	payment->id = doc_own_id(doc);
	payment->buyer = (struct id){ 0 };
	doc_id(doc, "buyer_id", &payment->buyer);
	payment->coins = payment_coins(doc);
	payment->cents = payment_cents(doc);
	payment->intent = doc_text(doc, "intent_id");
}

void payment_open(struct call *call, const struct provider *provider, const struct package *package,
		  struct payment *payment, struct txn *txn)
{
	bson_t *doc = payment_doc(call, provider, package);

	if (!provider->is_free)
		BSON_APPEND_DATE_TIME(doc, "check_at", call->now + FIRST_LOOK_MS);
	*payment = (struct payment){ 0 };
	payment_of(doc, payment);
	txn_insert(txn, PAYMENTS, doc, ERR_INTERNAL);
}

enum err payment_read(struct call *call, const struct id *id, struct payment *payment)
{
	const bson_t *doc;
	enum err err = call_read(call, PAYMENTS, id, &doc);

	if (err == OK)
		payment_of(doc, payment);
	return err;
}

enum err payment_by_transaction(struct call *call, const char *transaction, struct payment *payment)
{
	const bson_t *doc;
	enum err err = db_find_one(
		call->db, call->arena, PAYMENTS,
		DOC(call->arena, TEXT("txn_key", transaction), STATUS(COMPLETED)), NULL, &doc);

	if (err != OK || !doc)
		return err != OK ? err : ERR_NOT_FOUND;
	payment_of(doc, payment);
	payment->transaction = transaction;
	return OK;
}

enum err payment_read_own(struct call *call, const struct id *id, struct payment *payment)
{
	enum err err = payment_read(call, id, payment);

	return err == OK && !call_owns(call, payment->doc, "buyer_id") ? ERR_NOT_OWNER : err;
}

bool payment_is(const struct payment *payment, enum status status)
{
	return status_is(payment->doc, status);
}

void payment_keep_intent(struct call *call, const struct payment *payment, struct txn *txn)
{
	struct arena *arena = call->arena;

	txn_update_after(txn, PAYMENTS, DOC(arena, ID("_id", &payment->id)),
			 DOC(arena, SUB("$set", TEXT("intent_id", payment->intent),
					DATE("updatedAt", call->now))),
			 ERR_NOT_FOUND);
}

/* ---- failing ---- */

enum err payment_fail_now(struct call *call, struct payment *payment, bool for_good)
{
	struct arena *arena = call->arena;
	struct txn txn;
	bson_t *change = DOC(arena, SUB("$set", STATUS(FAILED), DATE("updatedAt", call->now)));

	if (for_good)
		bson_concat(change, DOC(arena, SUB("$unset", INT("check_at", 1))));
	txn_start(&txn, arena);
	txn_update_after(&txn, PAYMENTS, DOC(arena, ID("_id", &payment->id), STATUS(PENDING)),
			 change, ERR_CONFLICT);
	enum err err = txn_commit(call->db, &txn);
	if (err == OK)
		payment_of(txn_found(&txn, PAYMENTS), payment);
	return err == ERR_CONFLICT ? OK : err;
}

/* ---- lists ---- */

void payment_list_own(struct call *call, struct list *list)
{
	*list = call_own_list(call, PAYMENTS, "buyer_id", NULL, "payments");
}

static bool add_cents(void *context, const bson_t *doc)
{
	*(int64_t *)context += payment_cents(doc);
	return true;
}

/* Summed here: doubles that are added up are no money. */
enum err payment_total_own(struct call *call, int64_t *cents)
{
	struct arena *arena = call->arena;

	*cents = 0;
	return db_each(
		call->db, PAYMENTS,
		DOC(arena, ID("buyer_id", &call->caller->id), STATUS(COMPLETED)),
		DOC(arena, SUB("projection", INT("_id", 0), INT("price", 1), INT("amount", 1))),
		add_cents, cents);
}
