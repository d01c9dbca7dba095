#include "api/payments.h"

#include "api/api.h"
#include "base/count.h"
#include "market/payments.h"
#include "market/payments_settle.h"
#include "market/status.h"
#include "store/doc.h"

/* ---- inputs ---- */

struct package_input {
	struct number coins, amount;
	const char *method;
};

#define COINS                                                                          \
	FIELD("coins", COINS, package_input, coins, .flags = FIELD_REQUIRED, .min = 1, \
	      .below = ERR_NOT_A_PACKAGE, .help = "Those of a package", .example = "150")

static const struct field package_fields[] = { COINS };
const struct schema package_schema =
	SCHEMA_OF("PackageChoice", struct package_input, package_fields);

static const struct field purchase_fields[] = {
	COINS,
	FIELD("amount", MONEY, package_input, amount, .flags = FIELD_REQUIRED, .min = 1,
	      .below = ERR_NOT_A_PACKAGE, .help = "The price of the package in dollars",
	      .example = "10"),
	FIELD("paymentMethodId", TEXT, package_input, method, .max = 255,
	      .help = "The card to charge; needed with Stripe",
	      .example = "\"pm_1NyzQwLkdIwHu7ix\""),
};
const struct schema purchase_schema = SCHEMA_OF("Purchase", struct package_input, purchase_fields);

struct confirm_input {
	const char *transaction;
};

static const struct field confirm_fields[] = {
	FIELD("transactionId", TEXT, confirm_input, transaction, .flags = FIELD_REQUIRED, .min = 1,
	      .max = 255, .help = "With Stripe, the id of the payment intent",
	      .example = "\"pi_3NyzRDLkdIwHu7ix\""),
};
const struct schema confirm_schema =
	SCHEMA_OF("Confirmation", struct confirm_input, confirm_fields);

/* ---- views ---- */

static const struct view_row packages_rows[] = {
	MEMBER("coins", WHOLE, .example = "150"),
	MEMBER("price", MONEY, .help = "Dollars", .example = "10"),
};
const struct view packages_view = VIEW_OF("CoinPackage", packages_rows, .is_list = true);

/* What is shown as it is kept. */
static const struct view_row kept_rows[] = {
	MEMBER("_id", ID),
	MEMBER("buyer_id", ID),
	MEMBER("buyer_email", TEXT),
	MEMBER("buyer_name", TEXT),
	MEMBER("currency", TEXT, .flags = VIEW_OPTIONAL, .example = "\"usd\""),
	MEMBER("payment_method", TEXT, .flags = VIEW_OPTIONAL, .example = "\"stripe\""),
	MEMBER("transaction_id", TEXT, .flags = VIEW_OR_NULL),
	MEMBER("status", TEXT, .known = payment_statuses, .example = "\"pending\""),
	MEMBER("reversal", TEXT, .flags = VIEW_OPTIONAL,
	       .known = KNOWN("refunded", "disputed", "charged_back"),
	       .help = "Its money went back, or may", .example = "\"refunded\""),
	MEMBER("reversed_coins", WHOLE, .flags = VIEW_OPTIONAL,
	       .help = "How many of the coins went back with it, or are owed"),
	MEMBER("payment_date", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("createdAt", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("updatedAt", DATE, .flags = VIEW_OPTIONAL),
};
static const struct view kept_view = VIEW_OF("PaymentKept", kept_rows);

static const struct view_row payment_rows[] = {
	MEMBER("coin_amount", WHOLE, .example = "150"),
	MEMBER("price", MONEY, .help = "Dollars", .example = "10"),
	MEMBER("coins", WHOLE, .help = "The same as coin_amount", .example = "150"),
	MEMBER("amount", MONEY, .help = "The same as price", .example = "10"),
};
static const struct view payment_view = VIEW_OF("Payment", payment_rows, .base = &kept_view);

static const struct view_row payment_made_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("payment", OBJECT, .of = &payment_view),
	MEMBER("clientSecret", TEXT, .flags = VIEW_OPTIONAL,
	       .help = "With Stripe: the page pays with it"),
};
const struct view payment_made_view = VIEW_OF("PaymentMade", payment_made_rows);

static const struct view_row payment_done_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("payment", OBJECT, .of = &payment_view),
	MEMBER("newBalance", WHOLE, .help = "What the buyer can spend now", .example = "200"),
};
const struct view payment_done_view = VIEW_OF("PaymentDone", payment_done_rows);

static const struct view_row purchase_rows[] = {
	MEMBER("success", BOOL, .example = "true"),
	MEMBER("paymentId", ID),
	MEMBER("coinsAdded", WHOLE, .example = "150"),
	MEMBER("newBalance", WHOLE, .help = "What the buyer can spend now", .example = "200"),
	MEMBER("message", TEXT),
};
const struct view purchase_view = VIEW_OF("PurchaseDone", purchase_rows);

static const struct view_row payment_list_rows[] = {
	MEMBER("payments", LIST, .of = &payment_view),
	MEMBER("totalPages", WHOLE, .help = "The same as pages", .example = "1"),
	MEMBER("totalAmount", MONEY, .help = "Dollars of all completed ones", .example = "45.5"),
};
const struct view payment_list_view = VIEW_OF("PaymentPage", payment_list_rows);

static const struct view_row received_rows[] = {
	MEMBER("received", BOOL, .example = "true"),
};
const struct view received_view = VIEW_OF("Received", received_rows);

const enum err payment_errors[] = { ERR_NOT_A_PACKAGE, ERR_NOT_CONFIGURED, OK };
const enum err dummy_errors[] = { ERR_NOT_A_PACKAGE, ERR_NOT_FOUND, ERR_NOT_CONFIGURED, OK };
const enum err purchase_errors[] = { ERR_NOT_A_PACKAGE, ERR_PAYMENT_REQUIRED, ERR_NOT_CONFIGURED,
				     OK };
const enum err confirm_errors[] = { ERR_NOT_OWNER, ERR_CONFLICT, ERR_NOT_CONFIGURED, OK };
const enum err webhook_errors[] = { ERR_BAD_SIGNATURE, ERR_INVALID_JSON, ERR_NOT_FOUND,
				    ERR_NOT_CONFIGURED, OK };

static void payment_write(struct request *rq, struct json *json, const char *key, const bson_t *doc)
{
	int64_t coins = payment_coins(doc), cents = payment_cents(doc);

	json_object(json, key);
	render_members(json, &kept_view, doc, &rq->caller);
	json_int(json, "coin_amount", coins);
	json_cents(json, "price", cents);
	json_int(json, "coins", coins);
	json_cents(json, "amount", cents);
	json_end(json);
}

/* ---- reading ---- */

enum err payments_packages(struct request *rq)
{
	const struct packages *packages = &app_of(rq)->config->packages;
	struct json *json = respond_array(rq, 200);

	for (size_t i = 0; i < packages->count; i++) {
		json_object(json, NULL);
		json_int(json, "coins", packages->list[i].coins);
		json_cents(json, "price", packages->list[i].cents);
		json_end(json);
	}
	return OK;
}

static void history_row(struct request *rq, struct json *json, const bson_t *doc)
{
	payment_write(rq, json, NULL, doc);
}

enum err payments_history(struct request *rq)
{
	struct call *call = call_of(rq);
	struct rows rows = { .rq = rq, .write = history_row };
	struct json *json = respond(rq, 200);
	struct page page;
	struct list list;
	int64_t cents = 0;

	payment_list_own(call, &list);
	json_array(json, "payments");
	enum err err = page_run(&rows, &list, &page);
	json_end(json);
	if (err == OK)
		err = payment_total_own(call, &cents);
	if (err != OK)
		return err;
	page_members(json, &page);
	json_int(json, "totalPages", page.pages);
	json_cents(json, "totalAmount", cents);
	return OK;
}

/* ---- paying ---- */

/* Opens a payment in rq->work, or goes on with that which the same key opened before and which has not failed. */
static enum err payment_start(struct request *rq, const struct provider *provider,
			      const struct package *package)
{
	struct call *call = call_of(rq);
	struct payment *payment = arena_alloc(rq->arena, sizeof *payment);
	struct txn txn;
	struct id before;

	rq->work = payment;
	if (request_noted_last(rq, &before)) {
		enum err err = payment_read(call, &before, payment);
		payment->resumed = err == OK;
		if (err != ERR_NOT_FOUND && (err != OK || !payment_is(payment, STATUS_FAILED)))
			return err;
	}
	txn_start(&txn, rq->arena);
	payment_open(call, provider, package, payment, &txn);
	request_note(rq, &payment->id, &txn);
	return txn_commit(call->db, &txn);
}

/* A payment that has failed leaves nothing to go on with. */
static enum err payment_tried(struct request *rq, enum err err)
{
	if (err != OK && payment_is(rq->work, STATUS_FAILED))
		request_undone(rq);
	return err;
}

enum err payments_ask(struct request *rq)
{
	const struct package_input *input = rq->body_input;
	struct call *call = call_of(rq);
	const struct provider *provider = provider_of(call->config);
	const struct package *package = packages_find(&call->config->packages, input->coins.value);

	if (!provider || !package)
		return provider ? ERR_NOT_A_PACKAGE : ERR_NOT_CONFIGURED;
	enum err err = payment_start(rq, provider, package);
	return err == OK ? payment_tried(rq, payment_ask(call, rq->work)) : err;
}

enum err payments_create(struct request *rq, struct txn *txn)
{
	const struct payment *payment = rq->work;

	if (payment->intent)
		payment_keep_intent(call_of(rq), payment, txn);
	return OK;
}

/* The record as the transaction left it, or as it was found where there was nothing to do. */
static const bson_t *payment_now(const struct request *rq, const struct txn *txn)
{
	const struct payment *payment = rq->work;
	const bson_t *changed = txn_found(txn, PAYMENTS);

	return changed ? changed : payment->doc;
}

static int64_t balance_now(const struct request *rq, const struct txn *txn)
{
	const struct payment *payment = rq->work;
	const bson_t *buyer = txn_found(txn, USERS);

	return buyer ? doc_whole(buyer, "coins", 0) : payment->balance;
}

void payments_created(struct request *rq, const struct txn *txn)
{
	const struct payment *payment = rq->work;
	struct json *json = respond(rq, 201);

	json_text(json, "message", "The payment is waiting to be paid.");
	payment_write(rq, json, "payment", payment_now(rq, txn));
	if (payment->client_secret)
		json_text(json, "clientSecret", payment->client_secret);
}

enum err payments_confirm(struct request *rq)
{
	const struct confirm_input *input = rq->body_input;
	struct call *call = call_of(rq);
	struct payment *payment = arena_alloc(rq->arena, sizeof *payment);

	rq->work = payment;
	if (!provider_of(call->config))
		return ERR_NOT_CONFIGURED;
	enum err err = payment_read_own(call, &rq->ids[0], payment);
	if (err != OK)
		return err;
	if (payment_is(payment, STATUS_FAILED))
		return fail(rq, ERR_CONFLICT, "The payment has failed.");
	payment->transaction = input->transaction;
	if (!payment_is(payment, STATUS_PENDING))
		return OK;
	return payment_check(call, payment, input->transaction);
}

static enum err charge(struct request *rq, const struct package *package, const char *method)
{
	struct call *call = call_of(rq);
	const struct provider *provider = provider_of(call->config);
	enum err err = payment_start(rq, provider, package);

	return err == OK ? payment_tried(rq, payment_charge(call, rq->work, method)) : err;
}

enum err payments_pay_dummy(struct request *rq)
{
	const struct package_input *input = rq->body_input;
	const struct config *config = app_of(rq)->config;
	const struct provider *provider = provider_of(config);
	const struct package *package = packages_find(&config->packages, input->coins.value);

	if (!provider || !provider->is_free)
		return provider ? ERR_NOT_FOUND : ERR_NOT_CONFIGURED;
	return package ? charge(rq, package, NULL) : ERR_NOT_A_PACKAGE;
}

/* A package of either list, at its price. */
static const struct package *package_bought(const struct config *config,
					    const struct package_input *input)
{
	const struct packages *lists[] = { &config->packages, &config->packages_extra };

	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct package *package = packages_find(lists[i], input->coins.value);

		if (package && package->cents == input->amount.value)
			return package;
	}
	return NULL;
}

enum err payments_charge(struct request *rq)
{
	const struct package_input *input = rq->body_input;
	const struct config *config = app_of(rq)->config;
	const struct provider *provider = provider_of(config);
	const struct package *package = package_bought(config, input);
	const char *method = input->method ? input->method : "";

	if (!provider || !package)
		return provider ? ERR_NOT_A_PACKAGE : ERR_NOT_CONFIGURED;
	if (!provider->is_method(method))
		return fail_field(rq, "paymentMethodId", ERR_INVALID_INPUT,
				  *method ? "paymentMethodId is not the id of a payment method." :
					    "paymentMethodId is required.");
	return charge(rq, package, input->method);
}

enum err payments_credit(struct request *rq, struct txn *txn)
{
	return payment_credit(call_of(rq), rq->work, txn);
}

void payments_told(struct request *rq, const struct txn *txn)
{
	(void)txn;
	payment_credited(call_of(rq), rq->work);
}

void payments_credited(struct request *rq, const struct txn *txn)
{
	struct json *json = respond(rq, rq->route->status ? rq->route->status : 200);

	json_text(json, "message", "The payment is completed.");
	payment_write(rq, json, "payment", payment_now(rq, txn));
	json_int(json, "newBalance", balance_now(rq, txn));
}

void payments_purchased(struct request *rq, const struct txn *txn)
{
	const struct payment *payment = rq->work;
	struct json *json = respond(rq, 200);

	json_bool(json, "success", true);
	json_id(json, "paymentId", &payment->id);
	json_int(json, "coinsAdded", payment->coins);
	json_int(json, "newBalance", balance_now(rq, txn));
	json_text(json, "message", "The coins are bought.");
}

/* ---- what the provider tells ---- */

enum err payments_webhook(struct request *rq)
{
	const struct provider *provider = provider_of(app_of(rq)->config);
	const char *body = rq->body ? rq->body : "";
	struct provider_event event;

	if (!provider || provider->untold)
		return provider ? ERR_NOT_FOUND : ERR_NOT_CONFIGURED;
	if (!provider->is_signed(request_header(rq, provider->header), body, rq->body_length,
				 rq->now))
		return ERR_BAD_SIGNATURE;
	enum err err = provider->read_event(rq->arena, body, rq->body_length, &event);
	if (err == OK)
		err = payment_told(call_of(rq), &event);
	if (err == OK)
		json_bool(respond(rq, 200), "received", true);
	return err;
}
