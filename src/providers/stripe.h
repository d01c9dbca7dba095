/* What the parts of the provider Stripe share. */
#ifndef PROVIDERS_STRIPE_H
#define PROVIDERS_STRIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stripe_settings {
	const char *key; /* STRIPE_SECRET_KEY */
	const char *webhook_secret; /* STRIPE_WEBHOOK_SECRET */
	const char *base; /* STRIPE_API_BASE: http(s)://host[:port][/path] */
};

/* Is this Stripe-Signature (may be NULL) one of the body with this secret, at most 300 s away from now (in
 * milliseconds)? */
bool stripe_signed(const char *signature, const char *secret, const char *body, size_t length,
		   int64_t now);

#endif
