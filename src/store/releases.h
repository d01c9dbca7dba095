/*
 * Idempotency keys that are to be released later. While MongoDB elects a new primary or cannot be reached, the claim of
 * a failed call cannot be removed, and whoever repeats the call would be told for half a minute that it still runs. So
 * a thread of the process goes on trying until the key is free.
 */
#ifndef STORE_RELEASES_H
#define STORE_RELEASES_H

#include "store/claim_held.h"

/* Of one store; its thread is started by the first key. */
struct releases;

struct releases *releases_new(struct store *store);
/* Waits for a try under way. What is left ends with its lease. */
void releases_free(struct releases *releases);

/* For any thread. Keys beyond RELEASES_MAX are left to their leases. No key is tried after its lease. */
enum { RELEASES_MAX = 4096 };
void releases_add(struct releases *releases, const struct claim *claim);

#endif
