/*
 * Stripe: asking for money, finding out what became of it, and knowing a message as Stripe's.
 *
 * An order carries our payment's id as its idempotency key, so it may be given again, and is, once, when its
 * outcome did not arrive. All tries of a call together take STRIPE_MS at most.
 */
#ifndef OUTSIDE_STRIPE_H
#define OUTSIDE_STRIPE_H

#include "base/arena.h"
#include "base/config.h"
#include "base/error.h"
#include "base/id.h"
#include "http/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRIPE_MS 7200

/* What is to be paid. */
struct stripe_order {
	const struct id *payment, *user;
	int64_t coins, cents;
	const char
		*method; /* charged at once; NULL: the buyer's page pays, with the client secret */
};

/* A payment as Stripe has it. Texts may be NULL and live as long as the arena. */
struct intent {
	const char *id, *status, *currency, *client_secret;
	const char *payment; /* the id of ours that it was ordered for */
	struct number amount, received; /* cents */
	const char *problem; /* why the card was declined, for its owner to read */
	bool unsent; /* with ERR_UNAVAILABLE: the order has not reached Stripe, nothing happened */
};

/* Has it succeeded, for exactly so many cents of US dollars? */
bool intent_is_paid(const struct intent *intent, int64_t cents);
bool intent_is(const struct intent *intent, const char *status);

/*
 * Orders. ERR_PAYMENT_REQUIRED: the card was declined. ERR_INVALID_INPUT: Stripe knows no such method.
 * ERR_INTERNAL: Stripe refuses us (logged); in these three cases nothing was or will be charged.
 * ERR_UNAVAILABLE: no answer, and the outcome is unknown unless intent->unsent.
 */
enum err stripe_order(struct arena *arena, const struct config *config,
		      const struct stripe_order *order, struct intent *intent);

/* Has it the form of an id of Stripe's: the prefix ("pi_"), then letters, digits and underscores? */
#define STRIPE_ID_MAX 255
bool stripe_is_id(const char *text, const char *prefix);

/* By Stripe's id, or by the payment it was ordered for (known to Stripe's search after a minute).
 * ERR_NOT_FOUND, ERR_INTERNAL, ERR_UNAVAILABLE. */
enum err stripe_intent(struct arena *arena, const struct config *config, const char *id,
		       struct intent *intent);
enum err stripe_find(struct arena *arena, const struct config *config, const struct id *payment,
		     struct intent *intent);

/* Is this Stripe-Signature (may be NULL) one of the body with this secret, at most 300 s away from now (in
 * milliseconds)? */
bool stripe_signed(const char *signature, const char *secret, const char *body, size_t length,
		   int64_t now);

/* Money that goes back, or may: a charge that was refunded, or a dispute. */
struct money_back {
	const char *intent; /* by which it was paid */
	const char *payment; /* the id of ours that it was ordered for, where that is told */
	const char *dispute, *status; /* of a dispute: its id, and how it stands */
	const char *currency;
	struct number cents; /* refunded of the charge in all until now, or disputed */
};

/* What Stripe tells us. Texts may be NULL; what cannot be read is as good as not told. */
struct stripe_event {
	const char *type; /* "payment_intent.succeeded", …; NULL: none */
	int64_t created; /* seconds since 1970; 0: not told */
	struct intent intent; /* of types that begin with "payment_intent." */
	struct money_back back; /* of types that begin with "charge." */
};

/* ERR_INVALID_JSON when it is no object: everything in it may be as strange as it likes. */
enum err stripe_event_read(struct arena *arena, const char *body, size_t length,
			   struct stripe_event *event);

#endif
