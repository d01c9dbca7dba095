/* Making anew what records are found by, where an older version's rules made it, or nobody. */
#ifndef MARKET_SEARCH_RENEWAL_H
#define MARKET_SEARCH_RENEWAL_H

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Looks at all tasks and users, and gives those whose search_version is below SEARCH_VERSION the words of the present
 * rules; in a dry run it only tells how many there are. *renewed: how many. May run beside workers: a record that changes
 * meanwhile is left to the next run. ERR_UNAVAILABLE or ERR_INTERNAL (logged) when it was cut off: run again.
 */
enum err search_renew(struct db *db, bool dry_run, FILE *report, int64_t *renewed);

#endif
