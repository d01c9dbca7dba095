/*
 * Throttling of guesses and registrations, counted in the database for all processes together.
 *
 * A window is fixed: it begins with the first count, and what it held is gone when it is over. Unknown accounts are
 * counted like known ones, so that a refusal tells nothing about them. An e-mail address is stored as its hash only.
 * Addresses of IPv6 count by their /64 (base/network.h). A limit of 0 switches a check off.
 */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include "base/error.h"
#include "store/store.h"

#include <stdint.h>

#define THROTTLE_LOGIN_MS (15 * 60 * INT64_C(1000))
#define THROTTLE_REGISTER_MS (3600 * INT64_C(1000))
/* Failures that an address may have over all accounts, as a multiple of the limit for one. */
#define THROTTLE_ADDRESS_TIMES 10

/*
 * May this address try this account once more? ERR_TOO_MANY_REQUESTS with the seconds to wait. Call it with a slot of
 * the hashing semaphore, and count the outcome before releasing it: then no more guesses are under way at once than
 * there are slots.
 */
enum err throttle_login_check(struct db *db, struct arena *arena, const char *address,
			      const char *email, int64_t limit, int64_t now, int *retry_after);
/* Counts a wrong guess for the account from this address, and for the address. */
enum err throttle_login_failed(struct db *db, struct arena *arena, const char *address,
			       const char *email, int64_t limit, int64_t now);
/* Forgets the account's wrong guesses from this address, not those of the address. */
enum err throttle_login_succeeded(struct db *db, struct arena *arena, const char *address,
				  const char *email, int64_t limit);

/* Counts a registration; ERR_TOO_MANY_REQUESTS with the seconds to wait when it is one too many. */
enum err throttle_register(struct db *db, struct arena *arena, const char *address, int64_t limit,
			   int64_t now, int *retry_after);

#endif
