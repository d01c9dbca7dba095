/*
 * The provider Stripe: asking for money, finding out what became of it, and reading what it tells.
 *
 * An order carries our payment's id as its idempotency key, so it may be given again, and is, once, when its
 * outcome did not arrive. All tries of a call together take 7.2 seconds at most.
 */
#include "providers/stripe.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/config_check.h"
#include "base/count.h"
#include "base/log.h"
#include "base/turn.h"
#include "providers/fetch.h"
#include "providers/provider.h"
#include "json/schema.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The first try, the second, and the pause between them. */
#define PAUSE_MS 200
static const int64_t tries_ms[] = { 4000, 3000 };

/* The shape of answers that the tables below read. */
#define API_VERSION "Stripe-Version: 2022-11-15"

static struct stripe_settings settings;

/* ---- answers ---- */

static const struct field intent_fields[] = {
	FIELD("id", TEXT, receipt, id),
	FIELD("status", TEXT, receipt, status),
	FIELD("currency", TEXT, receipt, currency),
	FIELD("client_secret", TEXT, receipt, client_secret),
	FIELD("metadata.paymentId", TEXT, receipt, payment),
	FIELD("amount", WHOLE, receipt, amount),
	FIELD("amount_received", WHOLE, receipt, received),
};

/* Where an intent stands in what Stripe sends. */
#define INTENT_AT(path) \
	SCHEMA_OF("StripeIntent", struct receipt, intent_fields, .at = (path), .foreign = true)
static const struct schema intent_alone = INTENT_AT(NULL);
static const struct schema intent_found = INTENT_AT("data.0");
static const struct schema intent_told = INTENT_AT("data.object");

struct refusal {
	const char *type, *code, *param, *message, *intent;
};

static const struct field refusal_fields[] = {
	FIELD("type", TEXT, refusal, type),
	FIELD("code", TEXT, refusal, code),
	FIELD("param", TEXT, refusal, param),
	FIELD("message", TEXT, refusal, message),
	FIELD("payment_intent.id", TEXT, refusal, intent),
};
static const struct schema refusal_schema =
	SCHEMA_OF("StripeRefusal", struct refusal, refusal_fields, .at = "error", .foreign = true);

/* An answer; NULL when it is not what the schema says. The rest of it may be as strange as it likes: people's names and
 * descriptions come along with what we need. */
static void *decode(struct arena *arena, const struct schema *schema, const char *body,
		    size_t length)
{
	struct faults faults = { 0 };
	void *decoded = schema_pick_body(arena, schema, body, length, &faults);

	return faults.count == 0 ? decoded : NULL;
}

/* Would the same call, made again, perhaps be answered otherwise? */
static bool is_passing(int status)
{
	return status == 409 || status == 429 || status >= 500;
}

static enum err refusal_read(struct arena *arena, const struct fetched *fetched,
			     struct receipt *receipt)
{
	static const struct refusal silent = { 0 };
	const struct refusal *refusal =
		decode(arena, &refusal_schema, fetched->body, fetched->length);

	if (!refusal)
		refusal = &silent;
	if (fetched->status == 402) {
		receipt->id = refusal->intent;
		receipt->problem = refusal->message;
		return ERR_PAYMENT_REQUIRED;
	}
	if (fetched->status == 404)
		return ERR_NOT_FOUND;
	if (refusal->param && !strcmp(refusal->param, "payment_method"))
		return ERR_INVALID_INPUT;
	log_line(LOG_ERROR, NULL, "Stripe refuses us: %d, type %s, code %s, %s", fetched->status,
		 refusal->type ? refusal->type : "-", refusal->code ? refusal->code : "-",
		 refusal->message ? refusal->message : "-");
	return ERR_INTERNAL;
}

/* Nothing to go by: the call is as good as unanswered. */
static enum err unclear(const struct fetched *fetched)
{
	log_line(LOG_WARN, NULL, "Stripe answered %d with nothing to go by", fetched->status);
	return ERR_UNAVAILABLE;
}

static enum receipt_state state_of(const char *status)
{
	static const struct {
		const char *status;
		enum receipt_state state;
	} known[] = {
		{ "succeeded", RECEIPT_PAID },
		{ "requires_payment_method", RECEIPT_DECLINED },
		{ "canceled", RECEIPT_CANCELED },
	};

	for (size_t i = 0; status && i < COUNT_OF(known); i++)
		if (!strcmp(status, known[i].status))
			return known[i].state;
	return RECEIPT_OPEN;
}

static enum err answer_read(struct arena *arena, const struct schema *schema,
			    const struct fetched *fetched, struct receipt *receipt)
{
	if (is_passing(fetched->status))
		return unclear(fetched);
	if (fetched->status >= 300)
		return refusal_read(arena, fetched, receipt);
	const struct receipt *read = decode(arena, schema, fetched->body, fetched->length);
	if (!read)
		return unclear(fetched);
	*receipt = *read;
	receipt->state = state_of(receipt->status);
	if (!receipt->received.given)
		receipt->received = receipt->amount;
	if (receipt->id && receipt->status)
		return OK;
	return schema == &intent_found ? ERR_NOT_FOUND : unclear(fetched);
}

/* ---- calls ---- */

/* Makes the call, and makes it again if no answer says what came of it. */
static enum err call(struct arena *arena, struct fetch *asked, const char *idempotency,
		     const struct schema *schema, struct receipt *receipt)
{
	const char *headers[] = {
		arena_printf(arena, "Authorization: Bearer %s", settings.key),
		API_VERSION,
		idempotency,
		NULL,
	};
	bool sent = false;

	asked->headers = headers;
	*receipt = (struct receipt){ 0 };
	if (!turn_held(TURN_PROVIDER))
		return ERR_INTERNAL;
	for (size_t i = 0; i < COUNT_OF(tries_ms); i++) {
		struct fetched fetched;

		if (i > 0)
			clock_sleep(PAUSE_MS);
		asked->timeout_ms = tries_ms[i];
		enum err err = fetch(arena, asked, &fetched);
		sent = sent || fetched.sent;
		if (err == OK)
			err = answer_read(arena, schema, &fetched, receipt);
		if (err != ERR_UNAVAILABLE)
			return err;
	}
	receipt->unsent = !sent;
	return ERR_UNAVAILABLE;
}

/* The address of a path of the API. */
static const char *address(struct arena *arena, const char *path)
{
	size_t length = strlen(settings.base);

	while (settings.base[length - 1] == '/')
		length--;
	return arena_printf(arena, "%.*s/v1/payment_intents%s", (int)length, settings.base, path);
}

static void put_pair(struct buffer *out, const char *name, const char *value)
{
	char *escaped = curl_easy_escape(NULL, value, 0);

	if (!escaped)
		abort();
	buffer_printf(out, "%s%s=%s", out->length ? "&" : "", name, escaped);
	curl_free(escaped);
}

static const char *order_form(struct arena *arena, const struct order *order)
{
	struct buffer form = { 0 };

	put_pair(&form, "amount", arena_printf(arena, "%" PRId64, order->cents));
	put_pair(&form, "currency", "usd");
	put_pair(&form, "payment_method_types%5B%5D", "card");
	put_pair(&form, "metadata%5BpaymentId%5D", id_text(arena, order->payment));
	put_pair(&form, "metadata%5BuserId%5D", id_text(arena, order->user));
	put_pair(&form, "metadata%5Bcoins%5D", arena_printf(arena, "%" PRId64, order->coins));
	if (order->method) {
		put_pair(&form, "payment_method", order->method);
		put_pair(&form, "confirm", "true");
	}
	const char *text = arena_copy(arena, form.bytes, form.length);
	buffer_free(&form);
	return text;
}

static enum err give_order(struct arena *arena, const struct order *order, struct receipt *receipt)
{
	struct fetch asked = { .url = address(arena, ""), .body = order_form(arena, order) };
	const char *key =
		arena_printf(arena, "Idempotency-Key: %s", id_text(arena, order->payment));
	enum err err = call(arena, &asked, key, &intent_alone, receipt);

	return err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
}

/* Has it the form of an id of Stripe's: the prefix ("pi_"), then letters, digits and underscores? */
#define ID_MAX 255
static bool is_id(const char *text, const char *prefix)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t length = strlen(text), before = strlen(prefix);

	return length > before && length <= ID_MAX && !strncmp(text, prefix, before) &&
	       strspn(text, letters) == length;
}

static bool is_method(const char *text)
{
	return is_id(text, "");
}

static bool is_transaction(const char *text)
{
	return is_id(text, "pi_");
}

static enum err look_up(struct arena *arena, const struct order *order, const char *id,
			struct receipt *receipt)
{
	(void)order;
	/* what a caller claims to be an id must not lead to another address */
	if (!is_transaction(id))
		return ERR_NOT_FOUND;
	struct fetch asked = { .url = address(arena, arena_printf(arena, "/%s", id)) };
	return call(arena, &asked, NULL, &intent_alone, receipt);
}

/* Stripe's search knows an order after a minute. */
static enum err find(struct arena *arena, const struct order *order, struct receipt *receipt)
{
	struct buffer query = { 0 };

	put_pair(&query, "query",
		 arena_printf(arena, "metadata['paymentId']:'%s'", id_text(arena, order->payment)));
	struct fetch asked = { .url = address(arena,
					      arena_printf(arena, "/search?%s", query.bytes)) };
	buffer_free(&query);
	return call(arena, &asked, NULL, &intent_found, receipt);
}

/* ---- events ---- */

struct event_head {
	const char *type;
	struct number created;
};

static const struct field event_fields[] = {
	FIELD("type", TEXT, event_head, type),
	FIELD("created", WHOLE, event_head, created),
};
static const struct schema event_schema =
	SCHEMA_OF("StripeEvent", struct event_head, event_fields, .foreign = true);

/* A charge, and how much of it has been refunded until now. */
static const struct field refund_fields[] = {
	FIELD("payment_intent", TEXT, money_back, transaction),
	FIELD("metadata.paymentId", TEXT, money_back, payment),
	FIELD("currency", TEXT, money_back, currency),
	FIELD("amount_refunded", WHOLE, money_back, cents),
};
static const struct schema refund_told = SCHEMA_OF("StripeRefund", struct money_back, refund_fields,
						   .at = "data.object", .foreign = true);

static const struct field dispute_fields[] = {
	FIELD("id", TEXT, money_back, dispute),
	FIELD("payment_intent", TEXT, money_back, transaction),
	FIELD("metadata.paymentId", TEXT, money_back, payment),
	FIELD("status", TEXT, money_back, status),
	FIELD("currency", TEXT, money_back, currency),
	FIELD("amount", WHOLE, money_back, cents),
};
static const struct schema dispute_told = SCHEMA_OF(
	"StripeDispute", struct money_back, dispute_fields, .at = "data.object", .foreign = true);

/* What events are about, by their type. */
static const struct event_type {
	const char *type;
	enum provider_news news;
	const struct schema *schema;
} event_types[] = {
	{ "payment_intent.succeeded", NEWS_PAID, &intent_told },
	{ "payment_intent.payment_failed", NEWS_FAILED, &intent_told },
	{ "charge.refunded", NEWS_REFUNDED, &refund_told },
	{ "charge.dispute.created", NEWS_DISPUTED, &dispute_told },
	{ "charge.dispute.closed", NEWS_DISPUTE_CLOSED, &dispute_told },
};

static const struct event_type *event_type_of(const struct event_head *head)
{
	for (size_t i = 0; head->type && i < COUNT_OF(event_types); i++)
		if (!strcmp(event_types[i].type, head->type))
			return &event_types[i];
	return NULL;
}

/* An inquiry that was closed took no money. */
static enum verdict verdict_of(const char *status)
{
	if (status && (!strcmp(status, "won") || !strcmp(status, "warning_closed")))
		return VERDICT_WON;
	return status && !strcmp(status, "lost") ? VERDICT_LOST : VERDICT_NONE;
}

static enum err read_event(struct arena *arena, const char *body, size_t length,
			   struct provider_event *event)
{
	struct faults faults = { 0 };
	const struct event_head *head =
		schema_pick_body(arena, &event_schema, body, length, &faults);

	*event = (struct provider_event){ .news = NEWS_OTHER };
	if (!head)
		return ERR_INVALID_JSON;
	const struct event_type *type = event_type_of(head);
	if (!type)
		return OK;
	const void *about = schema_pick_body(arena, type->schema, body, length, &faults);
	event->news = type->news;
	event->created = head->created.value;
	if (type->schema == &intent_told) {
		event->receipt = *(const struct receipt *)about;
		/* it was when this was told, whatever has become of it meanwhile */
		event->receipt.state = type->news == NEWS_PAID ? RECEIPT_PAID : RECEIPT_DECLINED;
	} else {
		event->back = *(const struct money_back *)about;
		event->back.verdict = verdict_of(event->back.status);
	}
	return OK;
}

static bool is_signed(const char *signature, const char *body, size_t length, int64_t now)
{
	return stripe_signed(signature, settings.webhook_secret, body, length, now);
}

/* ---- the row ---- */

#define AT(member) .offset = offsetof(struct stripe_settings, member)

static const struct setting rows[] = {
	{ "STRIPE_SECRET_KEY", SETTING_TEXT, AT(key), .check = config_check_secret_word,
	  .flags = SETTING_SECRET | SETTING_NEEDED,
	  .sentence = "Stripe's secret API key; needed with stripe." },
	{ "STRIPE_WEBHOOK_SECRET", SETTING_TEXT, AT(webhook_secret),
	  .check = config_check_secret_word, .flags = SETTING_SECRET | SETTING_NEEDED,
	  .sentence = "Signs what Stripe sends to /api/payments/webhook; needed with stripe." },
	{ "STRIPE_API_BASE", SETTING_TEXT, AT(base), .check = config_check_api_base,
	  .standard = "https://api.stripe.com", .sentence = "Where Stripe's API is." },
};

const struct provider provider_stripe = {
	.settings = { "stripe", rows, COUNT_OF(rows), &settings, sizeof(settings) },
	.is_method = is_method,
	.create = give_order,
	.charge = give_order,
	.look_up = look_up,
	.find = find,
	.header = "Stripe-Signature",
	.header_help = "HMAC-SHA256 of the time and the raw body, at most 300 s old",
	.is_signed = is_signed,
	.read_event = read_event,
	.is_transaction = is_transaction,
};
