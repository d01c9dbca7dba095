/*
 * Who takes the money for coins: a row for each payment provider that PAYMENTS_PROVIDER may name. All other code uses
 * the row, and knows no provider by name. A new provider is a file with its row, and its name in EACH_PROVIDER.
 *
 * Functions of a row that ask the provider are called outside any transaction, and take 7.2 seconds at most.
 */
#ifndef PROVIDERS_PROVIDER_H
#define PROVIDERS_PROVIDER_H

#include "base/arena.h"
#include "base/config.h"
#include "base/error.h"
#include "base/id.h"
#include "base/optional.h"
#include "base/setting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be paid. */
struct order {
	const struct id *payment, *user; /* our ids */
	int64_t coins, cents;
	const char *method; /* the payment method to charge; NULL when the buyer's page pays */
};

/* A payment as its provider has it. Texts may be NULL, and live as long as the arena. */
struct receipt {
	const char *id; /* the provider's */
	enum receipt_state {
		RECEIPT_OPEN, /* none of the following yet */
		RECEIPT_PAID,
		RECEIPT_DECLINED, /* it may yet be paid by other means */
		RECEIPT_CANCELED, /* nothing more comes of it */
	} state;
	const char *status; /* the provider's word for it, for the log */
	const char *currency, *client_secret;
	const char *payment; /* our id of what it was ordered for */
	struct number amount, received; /* cents */
	const char *problem; /* why it was declined, for the buyer to read */
	bool unsent; /* with ERR_UNAVAILABLE: nothing reached the provider, so nothing happened */
};

/* Has it been paid, with exactly so many cents of US dollars? */
bool receipt_pays(const struct receipt *receipt, int64_t cents);

/* A refund or a dispute: money of a payment that goes back, or may. */
struct money_back {
	const char *transaction; /* by which the payment was paid */
	const char *payment; /* our id of it, if that is told */
	const char *dispute, *status; /* for a dispute: its id; the provider's word for its state */
	enum verdict { VERDICT_NONE, VERDICT_WON, VERDICT_LOST } verdict;
	const char *currency;
	struct number cents; /* all that was refunded so far, or what is disputed */
};

/* A message of a provider. Texts may be NULL; what cannot be read counts as not told. */
struct provider_event {
	enum provider_news {
		NEWS_OTHER, /* nothing that concerns us */
		NEWS_PAID,
		NEWS_FAILED, /* one try to pay; another may succeed */
		NEWS_REFUNDED,
		NEWS_DISPUTED,
		NEWS_DISPUTE_CLOSED,
	} news;
	int64_t created; /* seconds since 1970; 0: not told */
	struct receipt receipt; /* with NEWS_PAID and NEWS_FAILED */
	struct money_back back; /* with the news after these */
};

struct provider {
	struct provider_settings settings; /* its name, and its own settings, which it keeps */
	bool is_free; /* takes no money: what is ordered is paid, and the sweep need not ask */

	/* Has the text the form of a payment method of this provider? */
	bool (*is_method)(const char *text);
	/*
	 * Order a payment: with create the buyer's page pays it later, charge takes the money at once. Doing it again
	 * for the same payment orders nothing more. ERR_PAYMENT_REQUIRED: declined. ERR_INVALID_INPUT: there is no such
	 * method. ERR_INTERNAL: the provider refuses us (logged). After these three nothing was or will be charged.
	 * ERR_UNAVAILABLE: there was no answer, and the outcome is unknown unless receipt->unsent.
	 */
	enum err (*create)(struct arena *arena, const struct order *order, struct receipt *receipt);
	enum err (*charge)(struct arena *arena, const struct order *order, struct receipt *receipt);
	/* What became of an order: look_up by the provider's id, which a caller may have made up; find by the order
	 * alone. ERR_NOT_FOUND, ERR_INTERNAL, ERR_UNAVAILABLE. */
	enum err (*look_up)(struct arena *arena, const struct order *order, const char *id,
			    struct receipt *receipt);
	enum err (*find)(struct arena *arena, const struct order *order, struct receipt *receipt);

	/* Why it sends no events. NULL: it sends some, and has all of the following. */
	const char *untold;
	/* The header by which it signs its requests, and a sentence about that. */
	const char *header, *header_help;
	bool (*is_signed)(const char *signature, const char *body, size_t length,
			  int64_t now); /* signature may be NULL */
	/* ERR_INVALID_JSON when the body is no object. Whatever is in the object is no error. */
	enum err (*read_event)(struct arena *arena, const char *body, size_t length,
			       struct provider_event *event);
	/* Has the text the form of the provider's id of a payment? */
	bool (*is_transaction)(const char *text);
};

/* The providers there are, each with its row in a file of its own, in the order of the documentation. */
#define EACH_PROVIDER(X) X(dummy) X(stripe)

#define PROVIDER_DECLARE(name) extern const struct provider provider_##name;
EACH_PROVIDER(PROVIDER_DECLARE)

/* All of them, and their settings for config_read(); each ends with NULL. */
extern const struct provider *const provider_rows[];
extern const struct provider_settings *const provider_settings[];

/* NULL when payments are not configured. */
const struct provider *provider_of(const struct config *config);
/* The `header` of the index-th provider that sends events, and its `header_help`; NULL: there are fewer. */
const char *provider_header(size_t index, const char **help);

/*
 * NULL, or a sentence about the first row that must not start: without a name or with one that is taken, with a
 * function left out, or with neither all of what events need nor a reason why it sends none.
 */
const char *providers_check(const struct provider *const *rows, char problem[256]);

#endif
