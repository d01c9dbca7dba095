#include "outside/stripe.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/turn.h"
#include "outside/fetch.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* The first try, the second, and the pause between them are STRIPE_MS. */
#define PAUSE_MS 200
static const int64_t tries_ms[] = { 4000, 3000 };

/* The shape of answers that the tables below read. */
#define API_VERSION "Stripe-Version: 2022-11-15"

/* ---- answers ---- */

#define ROW(path, kind, in, member)                                                       \
	{                                                                                 \
		.name = path, .type = FIELD_##kind, .offset = offsetof(struct in, member) \
	}

static const struct field intent_fields[] = {
	ROW("id", TEXT, intent, id),
	ROW("status", TEXT, intent, status),
	ROW("currency", TEXT, intent, currency),
	ROW("client_secret", TEXT, intent, client_secret),
	ROW("metadata.paymentId", TEXT, intent, payment),
	ROW("amount", WHOLE, intent, amount),
	ROW("amount_received", WHOLE, intent, received),
};

/* Where an intent stands in what Stripe sends. */
#define INTENT_AT(path) \
	SCHEMA_OF("StripeIntent", struct intent, intent_fields, .at = (path), .foreign = true)
static const struct schema intent_alone = INTENT_AT(NULL);
static const struct schema intent_found = INTENT_AT("data.0");
static const struct schema intent_told = INTENT_AT("data.object");

struct refusal {
	const char *type, *code, *param, *message, *intent;
};

static const struct field refusal_fields[] = {
	ROW("type", TEXT, refusal, type),
	ROW("code", TEXT, refusal, code),
	ROW("param", TEXT, refusal, param),
	ROW("message", TEXT, refusal, message),
	ROW("payment_intent.id", TEXT, refusal, intent),
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
			     struct intent *intent)
{
	static const struct refusal silent = { 0 };
	const struct refusal *refusal =
		decode(arena, &refusal_schema, fetched->body, fetched->length);

	if (!refusal)
		refusal = &silent;
	if (fetched->status == 402) {
		intent->id = refusal->intent;
		intent->problem = refusal->message;
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

static enum err answer_read(struct arena *arena, const struct schema *schema,
			    const struct fetched *fetched, struct intent *intent)
{
	if (is_passing(fetched->status))
		return unclear(fetched);
	if (fetched->status >= 300)
		return refusal_read(arena, fetched, intent);
	const struct intent *read = decode(arena, schema, fetched->body, fetched->length);
	if (!read)
		return unclear(fetched);
	*intent = *read;
	if (!intent->received.given)
		intent->received = intent->amount;
	if (intent->id && intent->status)
		return OK;
	return schema == &intent_found ? ERR_NOT_FOUND : unclear(fetched);
}

/* ---- calls ---- */

/* Makes the call, and makes it again if no answer says what came of it. */
static enum err call(struct arena *arena, const struct config *config, struct fetch *asked,
		     const char *idempotency, const struct schema *schema, struct intent *intent)
{
	const char *headers[] = {
		arena_printf(arena, "Authorization: Bearer %s", config->stripe_key),
		API_VERSION,
		idempotency,
		NULL,
	};
	bool sent = false;

	asked->headers = headers;
	*intent = (struct intent){ 0 };
	if (!turn_held(TURN_STRIPE))
		return ERR_INTERNAL;
	for (size_t i = 0; i < COUNT_OF(tries_ms); i++) {
		struct fetched fetched;

		if (i > 0)
			clock_sleep(PAUSE_MS);
		asked->timeout_ms = tries_ms[i];
		enum err err = fetch(arena, asked, &fetched);
		sent = sent || fetched.sent;
		if (err == OK)
			err = answer_read(arena, schema, &fetched, intent);
		if (err != ERR_UNAVAILABLE)
			return err;
	}
	intent->unsent = !sent;
	return ERR_UNAVAILABLE;
}

/* The address of a path of the API. */
static const char *address(struct arena *arena, const struct config *config, const char *path)
{
	size_t length = strlen(config->stripe_base);

	while (config->stripe_base[length - 1] == '/')
		length--;
	return arena_printf(arena, "%.*s/v1/payment_intents%s", (int)length, config->stripe_base,
			    path);
}

static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~", c));
}

static void put_encoded(struct buffer *out, const char *text)
{
	for (; *text; text++)
		if (is_plain(*text))
			buffer_byte(out, *text);
		else
			buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
}

static void put_pair(struct buffer *out, const char *name, const char *value)
{
	if (out->length)
		buffer_byte(out, '&');
	put_encoded(out, name);
	buffer_byte(out, '=');
	put_encoded(out, value);
}

static const char *order_form(struct arena *arena, const struct stripe_order *order)
{
	struct buffer form = { 0 };

	put_pair(&form, "amount", arena_printf(arena, "%" PRId64, order->cents));
	put_pair(&form, "currency", "usd");
	put_pair(&form, "payment_method_types[]", "card");
	put_pair(&form, "metadata[paymentId]", id_text(arena, order->payment));
	put_pair(&form, "metadata[userId]", id_text(arena, order->user));
	put_pair(&form, "metadata[coins]", arena_printf(arena, "%" PRId64, order->coins));
	if (order->method) {
		put_pair(&form, "payment_method", order->method);
		put_pair(&form, "confirm", "true");
	}
	const char *text = arena_copy(arena, form.bytes, form.length);
	buffer_free(&form);
	return text;
}

enum err stripe_order(struct arena *arena, const struct config *config,
		      const struct stripe_order *order, struct intent *intent)
{
	struct fetch asked = { .url = address(arena, config, ""),
			       .body = order_form(arena, order) };
	const char *key =
		arena_printf(arena, "Idempotency-Key: %s", id_text(arena, order->payment));
	enum err err = call(arena, config, &asked, key, &intent_alone, intent);

	return err == ERR_NOT_FOUND ? ERR_INTERNAL : err;
}

bool stripe_is_id(const char *text, const char *prefix)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t length = strlen(text), before = strlen(prefix);

	return length > before && length <= STRIPE_ID_MAX && !strncmp(text, prefix, before) &&
	       strspn(text, letters) == length;
}

enum err stripe_intent(struct arena *arena, const struct config *config, const char *id,
		       struct intent *intent)
{
	/* what a caller claims to be an id must not lead to another address */
	if (!stripe_is_id(id, "pi_"))
		return ERR_NOT_FOUND;
	struct fetch asked = { .url = address(arena, config, arena_printf(arena, "/%s", id)) };
	return call(arena, config, &asked, NULL, &intent_alone, intent);
}

enum err stripe_find(struct arena *arena, const struct config *config, const struct id *payment,
		     struct intent *intent)
{
	struct buffer query = { 0 };

	put_pair(&query, "query",
		 arena_printf(arena, "metadata['paymentId']:'%s'", id_text(arena, payment)));
	struct fetch asked = { .url = address(arena, config,
					      arena_printf(arena, "/search?%s", query.bytes)) };
	buffer_free(&query);
	return call(arena, config, &asked, NULL, &intent_found, intent);
}

/* ---- events ---- */

struct event_head {
	const char *type;
	struct number created;
};

static const struct field event_fields[] = {
	ROW("type", TEXT, event_head, type),
	ROW("created", WHOLE, event_head, created),
};
static const struct schema event_schema =
	SCHEMA_OF("StripeEvent", struct event_head, event_fields, .foreign = true);

/* A charge: of its amount so much has been refunded until now. */
static const struct field refund_fields[] = {
	ROW("payment_intent", TEXT, money_back, intent),
	ROW("metadata.paymentId", TEXT, money_back, payment),
	ROW("currency", TEXT, money_back, currency),
	ROW("amount_refunded", WHOLE, money_back, cents),
};
static const struct schema refund_told = SCHEMA_OF("StripeRefund", struct money_back, refund_fields,
						   .at = "data.object", .foreign = true);

static const struct field dispute_fields[] = {
	ROW("id", TEXT, money_back, dispute),
	ROW("payment_intent", TEXT, money_back, intent),
	ROW("metadata.paymentId", TEXT, money_back, payment),
	ROW("status", TEXT, money_back, status),
	ROW("currency", TEXT, money_back, currency),
	ROW("amount", WHOLE, money_back, cents),
};
static const struct schema dispute_told = SCHEMA_OF(
	"StripeDispute", struct money_back, dispute_fields, .at = "data.object", .foreign = true);

static bool event_begins(const struct stripe_event *event, const char *family)
{
	return event->type && !strncmp(event->type, family, strlen(family));
}

enum err stripe_event_read(struct arena *arena, const char *body, size_t length,
			   struct stripe_event *event)
{
	struct faults faults = { 0 };
	const struct event_head *head =
		schema_pick_body(arena, &event_schema, body, length, &faults);

	*event = (struct stripe_event){ 0 };
	if (!head)
		return ERR_INVALID_JSON;
	event->type = head->type;
	event->created = head->created.value;
	if (event_begins(event, "payment_intent."))
		event->intent = *(const struct intent *)schema_pick_body(arena, &intent_told, body,
									 length, &faults);
	else if (event_begins(event, "charge."))
		event->back = *(const struct money_back *)schema_pick_body(
			arena,
			event_begins(event, "charge.dispute.") ? &dispute_told : &refund_told, body,
			length, &faults);
	return OK;
}

/* ---- what it means ---- */

bool intent_is(const struct intent *intent, const char *status)
{
	return intent->status && !strcmp(intent->status, status);
}

bool intent_is_paid(const struct intent *intent, int64_t cents)
{
	return intent_is(intent, "succeeded") && intent->received.given &&
	       intent->received.value == cents && intent->currency &&
	       !strcasecmp(intent->currency, "usd");
}
