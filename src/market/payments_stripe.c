/* The provider Stripe: cards are charged for coins (outside/stripe.h). */
#include "base/clock.h"
#include "base/log.h"
#include "market/alerts.h"
#include "market/payments_private.h"
#include "store/doc.h"

#include <string.h>

/* Stripe keeps idempotency keys for a day at least. */
#define REPEATABLE_MS (23 * 60 * CLOCK_MINUTE)

static bool is_method(const char *text)
{
	return stripe_is_id(text, "");
}

/* ---- asking ---- */

static struct stripe_order order_of(const struct payment *payment, const char *method)
{
	return (struct stripe_order){
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

static enum err ask(struct call *call, struct payment *payment)
{
	struct stripe_order order = order_of(payment, NULL);
	struct intent intent;

	if (!payment_is(payment, "pending"))
		return OK;
	enum err err = stripe_order(call->arena, call->config, &order, &intent);
	if (err != OK) /* whatever came of it: without the secret nobody can pay */
		return order_failed(call, payment, err);
	payment->intent = intent.id;
	payment->client_secret = intent.client_secret;
	return OK;
}

/* ---- charging ---- */

static enum err charge_refused(struct call *call, struct payment *payment,
			       const struct intent *intent, enum err err)
{
	struct err_detail *detail = call->detail;

	if (err == ERR_UNAVAILABLE && !intent->unsent) {
		detail->sentence = "The payment is not answered yet: if it was carried out, the "
				   "coins will come. Do not pay again before.";
		return err;
	}
	if (err == ERR_PAYMENT_REQUIRED)
		detail->sentence = intent->problem ? intent->problem : "The card was declined.";
	if (err == ERR_INVALID_INPUT) {
		detail->field = "paymentMethodId";
		detail->sentence = "paymentMethodId is not a payment method that can be charged.";
	}
	return order_failed(call, payment, err);
}

static enum err further_step(struct call *call, struct payment *payment,
			     const struct intent *intent)
{
	struct txn txn;

	payment->intent = intent->id;
	txn_start(&txn, call->arena);
	payment_keep_intent(call, payment, &txn);
	enum err err = txn_commit(call->db, &txn);
	if (err != OK)
		return err;
	call->detail->sentence = "The bank wants a further step before it pays.";
	err_text(call->detail, "clientSecret", intent->client_secret);
	err_text(call->detail, "paymentId", id_text(call->arena, &payment->id));
	return ERR_PAYMENT_REQUIRED;
}

void payment_alert(const struct call *call, const struct intent *intent, const char *what)
{
	log_line(LOG_ERROR, call->request_id,
		 "ALERT: %s: intent %s of payment %s, status %s, received %lld cents %s", what,
		 intent->id ? intent->id : "-", intent->payment ? intent->payment : "-",
		 intent->status ? intent->status : "-", (long long)intent->received.value,
		 intent->currency ? intent->currency : "-");
}

static enum err charge_judge(struct call *call, struct payment *payment,
			     const struct intent *intent)
{
	if (intent_is_paid(intent, payment->cents)) {
		payment->transaction = intent->id;
		return OK;
	}
	if (intent_is(intent, "succeeded")) {
		payment_alert(call, intent, ALERT_CHARGED_ANOTHER_AMOUNT);
		return ERR_INTERNAL;
	}
	if (intent_is(intent, "canceled") || intent_is(intent, "requires_payment_method"))
		return charge_refused(call, payment, intent, ERR_PAYMENT_REQUIRED);
	return further_step(call, payment, intent);
}

/* What an earlier call ordered may have been carried out, whatever keeps this one from an answer: to give it up would
 * let the key order, and pay, once more. */
static enum err charge_ask(struct call *call, const struct payment *payment,
			   const struct stripe_order *order, struct intent *intent)
{
	enum err err = stripe_order(call->arena, call->config, order, intent);

	if (!payment->resumed)
		return err;
	intent->unsent = false;
	return err == ERR_INTERNAL ? ERR_UNAVAILABLE : err;
}

/*
 * Once it is known what Stripe calls it, a repeat asks what became of it: an order given again is answered with what
 * was true at the first. After a day Stripe forgets idempotency keys, and an order given again would be a new one.
 */
static enum err charge_order(struct call *call, const struct payment *payment, const char *method,
			     struct intent *intent)
{
	struct stripe_order order = order_of(payment, method);
	enum err err;

	if (payment->intent) {
		err = stripe_intent(call->arena, call->config, payment->intent, intent);
		return err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
	}
	if (call->now - doc_date(payment->doc, "createdAt", 0) < REPEATABLE_MS)
		return charge_ask(call, payment, &order, intent);
	err = stripe_find(call->arena, call->config, &payment->id, intent);
	intent->unsent = err == ERR_NOT_FOUND;
	return err == ERR_NOT_FOUND ? ERR_UNAVAILABLE : err;
}

static enum err charge(struct call *call, struct payment *payment, const char *method)
{
	struct intent intent;

	if (payment_is(payment, "completed")) {
		payment->transaction = doc_text(payment->doc, "transaction_id");
		return OK;
	}
	enum err err = charge_order(call, payment, method, &intent);
	if (err == OK)
		return charge_judge(call, payment, &intent);
	return payment->intent ? err : charge_refused(call, payment, &intent, err);
}

/* ---- confirming ---- */

static bool is_of(const struct intent *intent, const struct payment *payment)
{
	struct id id;

	if (payment->intent && !strcmp(payment->intent, intent->id))
		return true;
	return intent->payment && id_parse(intent->payment, strlen(intent->payment), &id) &&
	       id_equal(&id, &payment->id);
}

static enum err check(struct call *call, struct payment *payment, const char *transaction)
{
	struct intent intent;
	enum err err = stripe_intent(call->arena, call->config, transaction, &intent);

	if (err == ERR_NOT_FOUND)
		return payment_conflict(call, "There is no such transaction.");
	if (err != OK)
		return err;
	if (!is_of(&intent, payment))
		return payment_conflict(call, "The transaction belongs to another payment.");
	if (!intent_is_paid(&intent, payment->cents)) {
		if (intent_is(&intent, "succeeded"))
			payment_alert(call, &intent, ALERT_PAID_ANOTHER_AMOUNT);
		return payment_conflict(call, "The transaction has not paid what this costs.");
	}
	payment->transaction = intent.id;
	return OK;
}

const struct provider provider_stripe = {
	.name = "stripe",
	.is_method = is_method,
	.looks_up = true,
	.ask = ask,
	.charge = charge,
	.check = check,
};
