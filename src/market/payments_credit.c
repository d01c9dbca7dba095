/* A payment is completed: its buyer gets the coins, once. */
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/packages.h"
#include "market/payments_reversal.h"
#include "market/status.h"
#include "market/users.h"
#include "store/doc.h"

/* It was completed before. If by the same transaction, that is as good as now. */
static enum err completed_before(struct call *call, struct payment *payment)
{
	const bson_t *buyer;

	if (!doc_text_is(payment->doc, "transaction_id", payment->transaction))
		return call_refuse(call, ERR_CONFLICT,
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
	return call_refuse(call, ERR_CONFLICT, "The transaction belongs to another payment.");
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
	       &(struct notification){
		       .user = &payment->buyer,
		       .email = doc_text(payment->doc, "buyer_email"),
		       .kind = NOTIFICATION_PAYMENT,
		       .page = PAGE_BUYER_PAYMENTS,
		       .message = arena_printf(
			       arena, "Payment completed: %lld coins for %s are on your account.",
			       (long long)payment->coins, money_text(arena, payment->cents)),
	       });
}

void payment_credit_plan(struct call *call, const struct payment *payment, struct noted *noted,
			 struct txn *txn)
{
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
		return call_refuse(call, ERR_CONFLICT, "A payment in this state is not completed.");
	if (payment->coins < 1)
		return call_refuse(call, ERR_CONFLICT, "The payment is for no coins.");
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
