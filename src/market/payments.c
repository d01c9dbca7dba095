#include "market/payments.h"

#include "base/clock.h"
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/packages.h"
#include "market/payments_private.h"
#include "market/payments_reversal.h"
#include "market/status.h"
#include "market/users.h"
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
	enum err err = db_find_id(call->db, call->arena, PAYMENTS, id, &doc);

	if (err != OK || !doc)
		return err != OK ? err : ERR_NOT_FOUND;
	payment_of(doc, payment);
	return OK;
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

	if (err != OK)
		return err;
	return call_owns(call, payment->doc, "buyer_id") ? OK : ERR_NOT_OWNER;
}

bool payment_is(const struct payment *payment, enum status status)
{
	return status_is(payment->doc, status);
}

enum err payment_conflict(struct call *call, const char *sentence)
{
	call->detail->sentence = sentence;
	return ERR_CONFLICT;
}

void payment_keep_intent(struct call *call, const struct payment *payment, struct txn *txn)
{
	struct arena *arena = call->arena;

	txn_update_after(txn, PAYMENTS, DOC(arena, ID("_id", &payment->id)),
			 DOC(arena, SUB("$set", TEXT("intent_id", payment->intent),
					DATE("updatedAt", call->now))),
			 ERR_NOT_FOUND);
}

/* ---- crediting ---- */

/* It was completed before: by the same transaction that is as good as now. */
static enum err completed_before(struct call *call, struct payment *payment)
{
	const bson_t *buyer;

	if (!doc_text_is(payment->doc, "transaction_id", payment->transaction))
		return payment_conflict(call,
					"The payment was completed with another transaction.");
	enum err err = db_find_id(call->db, call->arena, USERS, &payment->buyer, &buyer);
	payment->balance = buyer ? doc_whole(buyer, "coins", 0) : 0;
	return err;
}

static enum err transaction_is_free(struct call *call, const struct payment *payment)
{
	const bson_t *other;
	enum err err = db_find_one(call->db, call->arena, PAYMENTS,
				   DOC(call->arena, TEXT("txn_key", payment->transaction),
				       SUB("_id", ID("$ne", &payment->id))),
				   NULL, &other);

	if (err != OK || !other)
		return err;
	return payment_conflict(call, "The transaction belongs to another payment.");
}

/* Where something was noted of it meanwhile, the note is looked for anew. */
static void complete(struct call *call, const struct payment *payment, struct txn *txn)
{
	struct arena *arena = call->arena;
	bson_t *filter = DOC(arena, ID("_id", &payment->id),
			     SUB("status", LIST("$in", BCON_UTF8(status_name(STATUS_PENDING)),
						BCON_UTF8(status_name(STATUS_FAILED)))));

	doc_unchanged(filter, payment->doc, "reversal_notes");
	txn_update_after(
		txn, PAYMENTS, filter,
		DOC(arena,
		    SUB("$set", STATUS(COMPLETED), TEXT("transaction_id", payment->transaction),
			TEXT("txn_key", payment->transaction), DATE("payment_date", call->now),
			DATE("updatedAt", call->now)),
		    SUB("$unset", INT("check_at", 1))),
		ERR_BUSY);
}

static void give_coins(struct call *call, const struct payment *payment, struct txn *txn)
{
	struct arena *arena = call->arena;

	ledger_move(call, txn,
		    &(struct transfer){
			    .key = arena_printf(arena, "purchase:%s", id_text(arena, &payment->id)),
			    .from = { .kind = ACCOUNT_SALES },
			    .to = account_user(&payment->buyer),
			    .coins = payment->coins,
			    .kind = "purchase",
			    .guard = users_active(arena, ROLE_NONE),
			    .on_miss = ERR_NOT_FOUND,
			    .taken = ERR_CONFLICT,
		    });
}

static void tell_buyer(struct call *call, const struct payment *payment, struct txn *txn)
{
	struct arena *arena = call->arena;

	notify(call, txn,
	       &(struct notice){
		       .user = &payment->buyer,
		       .email = doc_text(payment->doc, "buyer_email"),
		       .kind = NOTICE_PAYMENT,
		       .page = PAGE_BUYER_PAYMENTS,
		       .message = arena_printf(
			       arena, "Payment completed: %lld coins for %s are on your account.",
			       (long long)payment->coins, money_text(arena, payment->cents)),
	       });
}

void payment_credit_plan(struct call *call, const struct payment *payment, struct noted *noted,
			 struct txn *txn)
{
	txn->contended = &payment->buyer;
	complete(call, payment, txn);
	payment_noted_plan(noted, txn);
	give_coins(call, payment, txn);
	tell_buyer(call, payment, txn);
}

enum err payment_credit(struct call *call, struct payment *payment, struct txn *txn)
{
	struct noted *noted = arena_alloc(call->arena, sizeof *noted);
	enum err err = payment_read(call, &payment->id, payment);

	payment->went_back = false;
	if (err != OK)
		return err;
	if (payment_is(payment, STATUS_COMPLETED))
		return completed_before(call, payment);
	if (!payment_is(payment, STATUS_PENDING) && !payment_is(payment, STATUS_FAILED))
		return payment_conflict(call, "A payment in this state is not completed.");
	if (payment->coins < 1)
		return payment_conflict(call, "The payment is for no coins.");
	err = transaction_is_free(call, payment);
	if (err == OK)
		err = payment_noted(call, payment, noted);
	if (err != OK)
		return err;
	payment->went_back = noted->news;
	payment_credit_plan(call, payment, noted, txn);
	return OK;
}

void payment_credited(struct call *call, const struct payment *payment)
{
	if (payment->went_back)
		reversal_alert(call, &payment->id);
}

struct crediting {
	struct call *call;
	struct payment *payment;
};

static enum err credit_build(void *context, struct txn *txn)
{
	const struct crediting *crediting = context;

	return payment_credit(crediting->call, crediting->payment, txn);
}

enum err payment_credit_now(struct call *call, struct payment *payment)
{
	enum err err = txn_carry_out(call->db, call->arena, credit_build,
				     &(struct crediting){ .call = call, .payment = payment }, NULL);

	if (err == OK)
		payment_credited(call, payment);
	return err;
}

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
	*list = (struct list){
		.in = PAYMENTS,
		.filter = DOC(call->arena, ID("buyer_id", &call->caller->id)),
		.name = call_own_name(call, "payments"),
		.order_field = "createdAt",
	};
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
