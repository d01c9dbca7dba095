/* Making anew the fields that search uses, in records that lack them or have those of an older version. */
#ifndef MARKET_SEARCH_RENEWAL_H
#define MARKET_SEARCH_RENEWAL_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Gives all tasks and users whose search_version is below SEARCH_VERSION the words by the present rules. A dry run only
 * counts them. *renewed: how many. May run while microtaskd runs: a record that changes meanwhile is left to the next
 * run. ERR_UNAVAILABLE or ERR_INTERNAL (logged) when it could not finish; the next run goes on.
 */
enum err search_renew(struct db *db, bool dry_run, FILE *report, int64_t *renewed);

#endif
