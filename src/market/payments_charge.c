/* Asking the payment provider for money (providers/provider.h). */
#include "base/clock.h"
#include "base/log.h"
#include "market/alerts.h"
#include "market/payments_private.h"
#include "store/doc.h"

#include <string.h>

/* For at least so long providers know a repeated order for the same one. */
#define REPEATABLE_MS (23 * 60 * CLOCK_MINUTE)

/* ---- asking ---- */

struct order payment_order(const struct payment *payment, const char *method)
{
	return (struct order){
		.payment = &payment->id,
		.user = &payment->buyer,
		.coins = payment->coins,
		.cents = payment->cents,
		.method = method,
	};
}

/* An order that came to nothing, for certain. */
static enum err order_failed(struct call *call, struct payment *payment, enum err why)
{
	enum err err = payment_fail_now(call, payment, true);

	return err == OK ? why : err;
}

enum err payment_ask(struct call *call, struct payment *payment)
{
	const struct provider *provider = provider_of(call->config);
	struct order order = payment_order(payment, NULL);
	struct receipt receipt;

	if (!payment_is(payment, STATUS_PENDING))
		return OK;
	enum err err = provider->create(call->arena, &order, &receipt);
	if (err != OK) /* whatever came of it: without the secret nobody can pay */
		return order_failed(call, payment, err);
	payment->intent = receipt.id;
	payment->client_secret = receipt.client_secret;
	return OK;
}

/* ---- charging ---- */

static enum err charge_refused(struct call *call, struct payment *payment,
			       const struct receipt *receipt, enum err err)
{
	struct err_detail *detail = call->detail;

	if (err == ERR_UNAVAILABLE && !receipt->unsent) {
		detail->sentence = "The payment is not answered yet: if it was carried out, the "
				   "coins will come. Do not pay again before.";
		return err;
	}
	if (err == ERR_PAYMENT_REQUIRED)
		detail->sentence = receipt->problem ? receipt->problem : "The card was declined.";
	if (err == ERR_INVALID_INPUT) {
		detail->field = "paymentMethodId";
		detail->sentence = "paymentMethodId is not a payment method that can be charged.";
	}
	return order_failed(call, payment, err);
}

static enum err further_step(struct call *call, struct payment *payment,
			     const struct receipt *receipt)
{
	struct txn txn;

	payment->intent = receipt->id;
	txn_start(&txn, call->arena);
	payment_keep_intent(call, payment, &txn);
	enum err err = txn_commit(call->db, &txn);
	if (err != OK)
		return err;
	call->detail->sentence = "The bank wants a further step before it pays.";
	err_text(call->detail, "clientSecret", receipt->client_secret);
	err_text(call->detail, "paymentId", id_text(call->arena, &payment->id));
	return ERR_PAYMENT_REQUIRED;
}

void payment_alert(const struct call *call, const struct receipt *receipt, const char *what)
{
	log_line(LOG_ERROR, call->request_id,
		 "ALERT: %s: intent %s of payment %s, status %s, received %lld cents %s", what,
		 receipt->id ? receipt->id : "-", receipt->payment ? receipt->payment : "-",
		 receipt->status ? receipt->status : "-", (long long)receipt->received.value,
		 receipt->currency ? receipt->currency : "-");
}

static enum err charge_judge(struct call *call, struct payment *payment,
			     const struct receipt *receipt)
{
	if (receipt_pays(receipt, payment->cents)) {
		payment->transaction = receipt->id;
		return OK;
	}
	if (receipt->state == RECEIPT_PAID) {
		payment_alert(call, receipt, ALERT_CHARGED_ANOTHER_AMOUNT);
		return ERR_INTERNAL;
	}
	if (receipt->state == RECEIPT_CANCELED || receipt->state == RECEIPT_DECLINED)
		return charge_refused(call, payment, receipt, ERR_PAYMENT_REQUIRED);
	return further_step(call, payment, receipt);
}

/* What an earlier call ordered may have been carried out, whatever error this call meets: to give the payment up would
 * let the key order, and pay, once more. */
static enum err charge_ask(struct call *call, const struct payment *payment,
			   const struct order *order, struct receipt *receipt)
{
	enum err err = provider_of(call->config)->charge(call->arena, order, receipt);

	if (!payment->resumed)
		return err;
	receipt->unsent = false;
	return err == ERR_INTERNAL ? ERR_UNAVAILABLE : err;
}

/*
 * Once the provider's id is known, a repeat asks what became of it: a repeated order is answered with what was true at
 * the first. After a day the first is forgotten, and a repeated order would be a new one.
 */
static enum err charge_order(struct call *call, const struct payment *payment, const char *method,
			     struct receipt *receipt)
{
	const struct provider *provider = provider_of(call->config);
	struct order order = payment_order(payment, method);
	enum err err;

	if (payment->intent) {
		err = provider->look_up(call->arena, &order, payment->intent, receipt);
		return err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
	}
	if (call->now - doc_date(payment->doc, "createdAt", 0) < REPEATABLE_MS)
		return charge_ask(call, payment, &order, receipt);
	err = provider->find(call->arena, &order, receipt);
	receipt->unsent = err == ERR_NOT_FOUND;
	return err == ERR_NOT_FOUND ? ERR_UNAVAILABLE : err;
}

enum err payment_charge(struct call *call, struct payment *payment, const char *method)
{
	struct receipt receipt;

	if (payment_is(payment, STATUS_COMPLETED)) {
		payment->transaction = doc_text(payment->doc, "transaction_id");
		return OK;
	}
	enum err err = charge_order(call, payment, method, &receipt);
	if (err == OK)
		return charge_judge(call, payment, &receipt);
	return payment->intent ? err : charge_refused(call, payment, &receipt, err);
}

/* ---- confirming ---- */

static bool is_of(const struct receipt *receipt, const struct payment *payment)
{
	struct id id;

	if (payment->intent && !strcmp(payment->intent, receipt->id))
		return true;
	return receipt->payment && id_parse(receipt->payment, strlen(receipt->payment), &id) &&
	       id_equal(&id, &payment->id);
}

enum err payment_check(struct call *call, struct payment *payment, const char *transaction)
{
	struct order order = payment_order(payment, NULL);
	struct receipt receipt;
	enum err err =
		provider_of(call->config)->look_up(call->arena, &order, transaction, &receipt);

	if (err == ERR_NOT_FOUND)
		return call_refuse(call, ERR_CONFLICT, "There is no such transaction.");
	if (err != OK)
		return err;
	if (!is_of(&receipt, payment))
		return call_refuse(call, ERR_CONFLICT,
				   "The transaction belongs to another payment.");
	if (!receipt_pays(&receipt, payment->cents)) {
		if (receipt.state == RECEIPT_PAID)
			payment_alert(call, &receipt, ALERT_PAID_ANOTHER_AMOUNT);
		return call_refuse(call, ERR_CONFLICT,
				   "The transaction has not paid what this costs.");
	}
	payment->transaction = receipt.id;
	return OK;
}
