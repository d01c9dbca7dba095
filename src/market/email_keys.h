/* Making anew the unique keys of addresses that an earlier version of this service made by another rule. */
#ifndef MARKET_EMAIL_KEYS_H
#define MARKET_EMAIL_KEYS_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Earlier keys ignored more than the case of ASCII letters (base/email.h), so two addresses that only look alike had
 * one key, and the owner of the second could not register. Makes such keys anew, once: meta keeps that it was done.
 * Where another user has the right key by now, the record gets none, and is found by the address as it was registered.
 * A dry run only counts. *renewed: how many there were; if any, report gets a line.
 */
enum err email_keys_renew(struct db *db, bool dry_run, FILE *report, int64_t *renewed);

#endif
