#include "api/api.h"

#include "api/payments.h"
#include "market/packages.h"
#include "market/payments.h"
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
static const struct schema package_schema =
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
static const struct schema purchase_schema =
	SCHEMA_OF("Purchase", struct package_input, purchase_fields);

struct confirm_input {
	const char *transaction;
};

static const struct field confirm_fields[] = {
	FIELD("transactionId", TEXT, confirm_input, transaction, .flags = FIELD_REQUIRED, .min = 1,
	      .max = 255, .help = "With Stripe, the id of the payment intent",
	      .example = "\"pi_3NyzRDLkdIwHu7ix\""),
};
static const struct schema confirm_schema =
	SCHEMA_OF("Confirmation", struct confirm_input, confirm_fields);

/* ---- views ---- */

static const struct view_row packages_rows[] = {
	MEMBER("coins", WHOLE, .example = "150"),
	MEMBER("price", MONEY, .help = "Dollars", .example = "10"),
};
static const struct view packages_view = VIEW_OF("CoinPackage", packages_rows);

static const struct view_row made_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("payment", OBJECT, .of = &payment_view),
	MEMBER("clientSecret", TEXT, .flags = VIEW_OPTIONAL,
	       .help = "With Stripe: the page pays with it"),
};
static const struct view made_view = VIEW_OF("PaymentMade", made_rows);

static const struct view_row done_rows[] = {
	MEMBER("message", TEXT),
	MEMBER("payment", OBJECT, .of = &payment_view),
	MEMBER("newBalance", WHOLE, .help = "What the buyer can spend now", .example = "200"),
};
static const struct view done_view = VIEW_OF("PaymentDone", done_rows);

static const struct view_row purchase_rows[] = {
	MEMBER("success", BOOL, .example = "true"),
	MEMBER("paymentId", ID),
	MEMBER("coinsAdded", WHOLE, .example = "150"),
	MEMBER("newBalance", WHOLE, .help = "What the buyer can spend now", .example = "200"),
	MEMBER("message", TEXT),
};
static const struct view purchase_view = VIEW_OF("PurchaseDone", purchase_rows);

/* ---- what coins cost ---- */

static enum err payments_packages(struct request *rq)
{
	struct packages packages = packages_read(rq->arena, rq->app->config->packages);
	struct json *json = respond_array(rq);

	for (size_t i = 0; i < packages.count; i++) {
		json_object(json, NULL);
		json_int(json, "coins", packages.list[i].coins);
		json_cents(json, "price", packages.list[i].cents);
		json_end(json);
	}
	return OK;
}

/* ---- paying ---- */

/* Opens a payment, or goes on with one that the same key opened before, unless that has failed. */
static enum err payment_start(struct request *rq, const struct package *package,
			      struct payment *payment)
{
	struct call *call = call_of(rq);
	struct txn txn;
	struct id before;

	if (request_noted_last(rq, &before)) {
		enum err err = payment_read(call, &before, payment);
		payment->resumed = err == OK;
		if (err != ERR_NOT_FOUND && (err != OK || !payment_is(payment, STATUS_FAILED)))
			return err;
	}
	txn_start(&txn, rq->arena);
	payment_open(call, provider_of(call->config), package, payment, &txn);
	request_note(rq, &payment->id, &txn);
	return txn_commit(call->db, &txn);
}

/* A payment that has failed leaves nothing to go on with. */
static enum err payment_tried(struct request *rq, const struct payment *payment, enum err err)
{
	if (err != OK && payment_is(payment, STATUS_FAILED))
		request_undone(rq);
	return err;
}

/* The record as the transaction left it, or as it was found where there was nothing to do. */
static const bson_t *payment_now(const struct payment *payment, const struct txn *txn)
{
	const bson_t *changed = txn_found(txn, PAYMENTS);

	return changed ? changed : payment->doc;
}

static int64_t balance_now(const struct payment *payment, const struct txn *txn)
{
	const bson_t *buyer = txn_found(txn, USERS);

	return buyer ? doc_whole(buyer, "coins", 0) : payment->balance;
}

/* ---- paying later ---- */

static enum err create_plan(struct request *rq, struct txn *txn, void *context)
{
	const struct payment *payment = context;

	if (payment->intent)
		payment_keep_intent(call_of(rq), payment, txn);
	return OK;
}

static void created(struct request *rq, const struct txn *txn, void *context)
{
	const struct payment *payment = context;
	struct json *json = respond_message(rq, "The payment is waiting to be paid.");

	payment_write(rq, json, "payment", payment_now(payment, txn));
	if (payment->client_secret)
		json_text(json, "clientSecret", payment->client_secret);
}

static enum err payments_create(struct request *rq)
{
	const struct package_input *input = rq->body_input;
	struct call *call = call_of(rq);
	const struct provider *provider = provider_of(call->config);
	const struct package *package =
		packages_find(rq->arena, call->config->packages, input->coins.value);
	struct payment payment = { 0 };

	if (!provider || !package)
		return provider ? ERR_NOT_A_PACKAGE : ERR_NOT_CONFIGURED;
	enum err err = payment_start(rq, package, &payment);
	if (err == OK)
		err = payment_tried(rq, &payment, payment_ask(call, &payment));
	return err == OK ? carry_out_with(rq, create_plan, created, &payment) : err;
}

/* ---- paid ---- */

static enum err credit_plan(struct request *rq, struct txn *txn, void *context)
{
	return payment_credit(call_of(rq), context, txn);
}

static void credited(struct request *rq, const struct txn *txn, void *context)
{
	const struct payment *payment = context;
	struct json *json = respond_message(rq, "The payment is completed.");

	payment_write(rq, json, "payment", payment_now(payment, txn));
	json_int(json, "newBalance", balance_now(payment, txn));
}

static void purchased(struct request *rq, const struct txn *txn, void *context)
{
	const struct payment *payment = context;
	struct json *json = respond(rq);

	json_bool(json, "success", true);
	json_id(json, "paymentId", &payment->id);
	json_int(json, "coinsAdded", payment->coins);
	json_int(json, "newBalance", balance_now(payment, txn));
	json_text(json, "message", "The coins are bought.");
}

static enum err credit(struct request *rq, struct payment *payment, change_answer answer)
{
	enum err err = carry_out_with(rq, credit_plan, answer, payment);

	if (err == OK)
		payment_credited(call_of(rq), payment);
	return err;
}

static enum err payments_confirm(struct request *rq)
{
	const struct confirm_input *input = rq->body_input;
	struct call *call = call_of(rq);
	struct payment payment = { 0 };

	if (!provider_of(call->config))
		return ERR_NOT_CONFIGURED;
	enum err err = payment_read_own(call, &rq->ids[0], &payment);
	if (err != OK)
		return err;
	if (payment_is(&payment, STATUS_FAILED))
		return fail(rq, ERR_CONFLICT, "The payment has failed.");
	payment.transaction = input->transaction;
	if (payment_is(&payment, STATUS_PENDING))
		err = payment_check(call, &payment, input->transaction);
	return err == OK ? credit(rq, &payment, credited) : err;
}

static enum err charge(struct request *rq, const struct package *package, const char *method,
		       change_answer answer)
{
	struct payment payment = { 0 };
	enum err err = payment_start(rq, package, &payment);

	if (err == OK)
		err = payment_tried(rq, &payment, payment_charge(call_of(rq), &payment, method));
	return err == OK ? credit(rq, &payment, answer) : err;
}

static enum err payments_pay_dummy(struct request *rq)
{
	const struct package_input *input = rq->body_input;
	const struct config *config = rq->app->config;
	const struct provider *provider = provider_of(config);
	const struct package *package =
		packages_find(rq->arena, config->packages, input->coins.value);

	if (!provider || !provider->is_free)
		return provider ? ERR_NOT_FOUND : ERR_NOT_CONFIGURED;
	return package ? charge(rq, package, NULL, credited) : ERR_NOT_A_PACKAGE;
}

static enum err payments_purchase(struct request *rq)
{
	const struct package_input *input = rq->body_input;
	const struct config *config = rq->app->config;
	const struct provider *provider = provider_of(config);
	const struct package *package =
		packages_find_priced(rq->arena, config, input->coins.value, input->amount.value);
	const char *method = input->method ? input->method : "";

	if (!provider || !package)
		return provider ? ERR_NOT_A_PACKAGE : ERR_NOT_CONFIGURED;
	if (!provider->is_method(method))
		return fail_field(rq, "paymentMethodId", ERR_INVALID_INPUT,
				  *method ? "paymentMethodId is not the id of a payment method." :
					    "paymentMethodId is required.");
	return charge(rq, package, input->method, purchased);
}

static const struct route rows[] = {
	{ GET, "/payments/packages", ACCESS_PUBLIC, .flags = ARRAY, .handler = payments_packages,
	  .view = &packages_view, .summary = "What coins cost" },
	{ POST, "/payments/create-payment", ACCESS_BUYER, .body = &package_schema,
	  .flags = IDEMPOTENT, .turn = TURN_PROVIDER, .handler = payments_create, .status = 201,
	  .view = &made_view, .errors = ERRORS(ERR_NOT_A_PACKAGE, ERR_NOT_CONFIGURED),
	  .summary = "Begin a payment, to be confirmed when it is paid" },
	{ PUT, "/payments/confirm/:paymentId", ACCESS_ANY, .body = &confirm_schema,
	  .flags = IDEMPOTENT, .turn = TURN_PROVIDER, .handler = payments_confirm,
	  .view = &done_view, .errors = ERRORS(ERR_NOT_OWNER, ERR_CONFLICT, ERR_NOT_CONFIGURED),
	  .summary = "Its buyer tells that it is paid: the coins are theirs, once" },
	{ POST, "/payments/dummy-payment", ACCESS_BUYER, .body = &package_schema,
	  .flags = IDEMPOTENT, .handler = payments_pay_dummy, .status = 201, .view = &done_view,
	  .errors = ERRORS(ERR_NOT_A_PACKAGE, ERR_NOT_FOUND, ERR_NOT_CONFIGURED),
	  .summary = "Coins without money, where the provider is dummy" },
	{ POST, "/payments/purchase-coins", ACCESS_BUYER, .body = &purchase_schema,
	  .flags = IDEMPOTENT, .turn = TURN_PROVIDER, .handler = payments_purchase,
	  .view = &purchase_view,
	  .errors = ERRORS(ERR_NOT_A_PACKAGE, ERR_PAYMENT_REQUIRED, ERR_NOT_CONFIGURED),
	  .summary = "Buy a package at once; with Stripe the card is charged" },
};
const struct routes purchase_routes = ROUTES_OF(rows);
