/*
 * Keys to be given back later: while MongoDB elects a new primary, or is away, a claim that came to nothing cannot be
 * taken out, and who repeats the call would be told for half a minute that it still runs. A thread of the process goes
 * on trying, so that the key is free as soon as anything can be done with it.
 */
#ifndef STORE_RELEASES_H
#define STORE_RELEASES_H

#include "store/claim.h"

/* Of one store; its thread is started by the first key. */
struct releases;

struct releases *releases_new(struct store *store);
/* Waits for a try under way. What is left ends with its lease. */
void releases_free(struct releases *releases);

/* For any thread. A key beyond RELEASES_MAX of them is left to the end of its lease, after which none is tried. */
enum { RELEASES_MAX = 4096 };
void releases_add(struct releases *releases, const struct claim *claim);

#endif
