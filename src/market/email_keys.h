/* Keys of addresses that an earlier version of this service made by another rule. */
#ifndef MARKET_EMAIL_KEYS_H
#define MARKET_EMAIL_KEYS_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Until the keys of users went by ASCII letters alone (base/email.h), an address could hold the key of a look-alike
 * whose owner could not register then. Makes such keys anew, once: meta notes that it was done. Where the right key is
 * another's by now, the record goes without, and is found by the address as it was registered. In a dry run it only tells
 * how many there are. *renewed: how many; report: a line when there were any.
 */
enum err email_keys_renew(struct db *db, bool dry_run, FILE *report, int64_t *renewed);

#endif
