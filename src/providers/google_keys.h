/*
 * The keys that Google signs its tokens with, kept by a process for all its threads.
 *
 * They are fetched when first needed, again when Google says that they are old, and when a token names one that is not
 * among them; never more often than every GOOGLE_KEYS_PAUSE_MS, whatever callers send, and by one thread at a time,
 * while others with a turn (base/turn.h) wait. While Google cannot be reached, older keys go on being used until
 * GOOGLE_KEYS_OLD_MS.
 */
#ifndef PROVIDERS_GOOGLE_KEYS_H
#define PROVIDERS_GOOGLE_KEYS_H

#include "base/error.h"

#include <openssl/types.h>
#include <stdint.h>

#define GOOGLE_KEYS_PAUSE_MS (5 * INT64_C(1000))
/* Limits for what max-age says, and what counts without one. */
#define GOOGLE_KEYS_GOOD_MIN_MS (5 * 60 * INT64_C(1000))
#define GOOGLE_KEYS_GOOD_MS (3600 * INT64_C(1000))
#define GOOGLE_KEYS_GOOD_MAX_MS (24 * 3600 * INT64_C(1000))
/* Keys that were fetched longer ago are not used. */
#define GOOGLE_KEYS_OLD_MS (48 * 3600 * INT64_C(1000))

struct google_keys;

/* url: of a JWK set; outlives the keys. Fetching them takes timeout_ms at most; nothing is fetched yet. */
struct google_keys *google_keys_new(const char *url, int64_t timeout_ms);
/* No thread may use them any more; NULL is fine. */
void google_keys_free(struct google_keys *keys);

/*
 * Finds the key of a kid; the caller frees it. ERR_UNAUTHORIZED: Google has no such key. ERR_UNAVAILABLE: no key is
 * known, and Google could not be asked. context: the struct google_keys, as struct google_check has it (auth/google.h).
 */
enum err google_keys_find(void *context, const char *kid, EVP_PKEY **key);

#endif
