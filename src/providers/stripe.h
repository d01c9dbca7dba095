/* What the files of the provider Stripe share. */
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

/* Does this Stripe-Signature (may be NULL) sign the body with this secret, at most 300 s before or after now (in
 * milliseconds)? */
bool stripe_signed(const char *signature, const char *secret, const char *body, size_t length,
		   int64_t now);

#endif
