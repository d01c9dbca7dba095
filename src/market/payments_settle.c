/* What becomes known of payments without their buyers. */
#include "market/payments_settle.h"

#include "base/clock.h"
#include "market/alerts.h"
#include "market/payments_private.h"
#include "store/doc.h"
#include "store/mark.h"

#include <string.h>

/* ---- settling ---- */

/* What nobody's call waits for: where it cannot be done, a person must look at it. */
static enum err settle(struct call *call, struct payment *payment, const struct receipt *receipt,
		       bool *credited)
{
	*credited = false;
	if (!receipt_pays(receipt, payment->cents)) {
		payment_alert(call, receipt, ALERT_NOT_ORDERED);
		return OK;
	}
	payment->transaction = receipt->id;
	enum err err = payment_credit_now(call, payment);
	*credited = err == OK;
	if (err == ERR_NOT_FOUND)
		payment_alert(call, receipt, ALERT_BUYER_GONE);
	else if (err == ERR_CONFLICT)
		payment_alert(call, receipt, ALERT_PAID_TWICE);
	else if (err == ERR_NOT_ADOPTED)
		payment_alert(call, receipt, ALERT_NOT_ADOPTED);
	return err == ERR_NOT_FOUND || err == ERR_CONFLICT || err == ERR_NOT_ADOPTED ? OK : err;
}

/* ---- messages ---- */

static enum err payment_meant(struct call *call, const struct receipt *receipt,
			      struct payment *payment)
{
	struct id id;

	*payment = (struct payment){ 0 };
	if (!receipt->id || !provider_of(call->config)->is_transaction(receipt->id) ||
	    !receipt->payment || !id_parse(receipt->payment, strlen(receipt->payment), &id))
		return ERR_NOT_FOUND;
	return payment_read(call, &id, payment);
}

enum err payment_told(struct call *call, const struct provider_event *event)
{
	struct payment payment;
	bool credited;

	if (event->news != NEWS_PAID && event->news != NEWS_FAILED)
		return payment_back_told(call, event);
	enum err err = payment_meant(call, &event->receipt, &payment);
	if (err == ERR_NOT_FOUND) {
		payment_alert(call, &event->receipt, ALERT_NO_PAYMENT);
		return OK;
	}
	if (err != OK || event->news == NEWS_FAILED)
		return err != OK ? err : payment_fail_now(call, &payment, false);
	return settle(call, &payment, &event->receipt, &credited);
}

/* ---- the sweep ---- */

/* As much as a run looks up: deadlines wait meanwhile. */
enum { LOOK_UPS = 20, LOOK_UPS_MS = 15000 };

#define LOOK_AGAIN_MIN_MS (5 * CLOCK_MINUTE)
#define LOOK_AGAIN_MAX_MS CLOCK_DAY
#define LOOK_FOR_MS (7 * CLOCK_DAY)

struct due_payments {
	struct id ids[LOOK_UPS];
	size_t count;
};

static bool due_take(void *context, const bson_t *doc)
{
	struct due_payments *due = context;

	if (due->count < LOOK_UPS && doc_id(doc, "_id", &due->ids[due->count]))
		due->count++;
	return true;
}

/* Looks again after as long as it has been open, so ever more rarely. */
static bson_t *next_look(struct call *call, const struct payment *payment)
{
	int64_t age = call->now - doc_date(payment->doc, "createdAt", 0);
	int64_t wait = age < LOOK_AGAIN_MIN_MS ? LOOK_AGAIN_MIN_MS :
		       age > LOOK_AGAIN_MAX_MS ? LOOK_AGAIN_MAX_MS :
						 age;

	if (age > LOOK_FOR_MS)
		return DOC(call->arena, SUB("$unset", INT("check_at", 1)));
	return DOC(call->arena, SUB("$set", DATE("check_at", call->now + wait)));
}

/* Sets the time of the next look before this one, so that only one of several sweeps looks. ERR_CONFLICT: another
 * does. */
static enum err look_begin(struct call *call, const struct payment *payment)
{
	struct txn txn;
	bson_t *due = DOC(call->arena, ID("_id", &payment->id),
			  DATE("check_at", doc_date(payment->doc, "check_at", 0)));

	txn_start(&txn, call->arena);
	txn_update(&txn, PAYMENTS, due, next_look(call, payment), ERR_CONFLICT);
	return txn_commit(call->db, &txn);
}

/* ERR_NOT_FOUND also where the provider does not let us ask, which is in the log then: others may be answered. */
static enum err receipt_of(struct call *call, const struct payment *payment,
			   struct receipt *receipt)
{
	const struct provider *provider = provider_of(call->config);
	struct order order = payment_order(payment, NULL);
	enum err err;

	if (payment->intent)
		err = provider->look_up(call->arena, &order, payment->intent, receipt);
	else
		err = provider->find(call->arena, &order, receipt);
	return err == ERR_INTERNAL ? ERR_NOT_FOUND : err;
}

static enum err look_up(struct call *call, const struct id *id, bool *settled)
{
	struct payment payment = { 0 };
	struct receipt receipt;
	enum err err = payment_read(call, id, &payment);

	if (err == OK)
		err = look_begin(call, &payment);
	if (err == OK &&
	    !doc_text_is(payment.doc, "payment_method", provider_of(call->config)->settings.name))
		return OK; /* another provider's, who is not asked any more */
	if (err == OK)
		err = receipt_of(call, &payment, &receipt);
	if (err != OK)
		return err;
	if (receipt.state == RECEIPT_PAID)
		return settle(call, &payment, &receipt, settled);
	*settled = receipt.state == RECEIPT_CANCELED;
	return *settled ? payment_fail_now(call, &payment, true) : OK;
}

enum err payments_look_up(struct call *call, int64_t *settled)
{
	const struct provider *provider = provider_of(call->config);
	struct due_payments due = { .count = 0 };
	int64_t end = clock_steady() + LOOK_UPS_MS;

	if (!provider || provider->is_free)
		return OK;
	const bson_t *is_due = DOC(call->arena, SUB("check_at", DATE("$lte", call->now)));
	enum err err = db_each(call->db, PAYMENTS, mark_ask(call->arena, PAYMENTS, is_due),
			       DOC(call->arena, SUB("sort", INT("check_at", 1)),
				   WHOLE("limit", LOOK_UPS), SUB("projection", INT("_id", 1))),
			       due_take, &due);
	for (size_t i = 0; i < due.count && err == OK && clock_steady() < end; i++) {
		bool one = false;

		err = look_up(call, &due.ids[i], &one);
		*settled += one;
		if (err == ERR_NOT_FOUND || err == ERR_CONFLICT || err == ERR_BUSY)
			err = OK;
	}
	return err;
}
