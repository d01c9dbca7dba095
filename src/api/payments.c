#include "api/payments.h"

#include "api/api.h"
#include "market/payments.h"
#include "market/payments_settle.h"
#include "market/status.h"
#include "store/doc.h"

/* ---- views ---- */

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
const struct view payment_view = VIEW_OF("Payment", payment_rows, .base = &kept_view);

static const struct view_row list_rows[] = {
	MEMBER("payments", LIST, .of = &payment_view),
	MEMBER("totalPages", WHOLE, .help = "The same as pages", .example = "1"),
	MEMBER("totalAmount", MONEY, .help = "Dollars of all completed ones", .example = "45.5"),
};
static const struct view list_view = VIEW_OF("PaymentPage", list_rows);

static const struct view_row received_rows[] = { MEMBER("received", BOOL, .example = "true") };
static const struct view received_view = VIEW_OF("Received", received_rows);

void payment_write(struct request *rq, struct json *json, const char *key, const bson_t *doc)
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

static void history_row(struct request *rq, struct json *json, const bson_t *doc)
{
	payment_write(rq, json, NULL, doc);
}

static enum err payments_history(struct request *rq)
{
	struct call *call = call_of(rq);
	struct rows rows = { .rq = rq, .write = history_row };
	struct json *json = respond(rq);
	struct page page;
	struct list list;
	int64_t cents = 0;

	payment_list_own(call, &list);
	enum err err = page_items(&rows, &list, &page);
	if (err == OK)
		err = payment_total_own(call, &cents);
	if (err != OK)
		return err;
	page_members(json, &page);
	json_int(json, "totalPages", page.pages);
	json_cents(json, "totalAmount", cents);
	return OK;
}

/* ---- what the provider tells ---- */

static enum err payments_webhook(struct request *rq)
{
	const struct provider *provider = provider_of(rq->app->config);
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
		json_bool(respond(rq), "received", true);
	return err;
}

static const struct route rows[] = {
	{ POST, "/payments/webhook", ACCESS_PUBLIC, .flags = RAW_BODY,
	  .signatures = provider_header, .handler = payments_webhook, .view = &received_view,
	  .errors = ERRORS(ERR_BAD_SIGNATURE, ERR_INVALID_JSON, ERR_NOT_FOUND, ERR_NOT_CONFIGURED),
	  .summary = "Stripe tells what became of payments" },
	{ GET, "/payments/history", ACCESS_BUYER, .query = &page_schema, .flags = LISTS,
	  .handler = payments_history, .view = &list_view,
	  .summary = "One's own payments, and what was paid in all" },
};
const struct routes payment_routes = ROUTES_OF(rows);
