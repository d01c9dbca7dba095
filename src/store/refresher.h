/*
 * The refresher: one thread of a process that computes totals over many records in the background.
 *
 * It caches the last value of each total, and computes them anew, one after the other, when asked to. It has a
 * connection of its own, whose answers may take longer than those for calls. Only refresher_wait() waits for it.
 */
#ifndef STORE_REFRESHER_H
#define STORE_REFRESHER_H

#include "store/total.h"

#include <stdbool.h>
#include <stdint.h>

struct refresher;

struct refresher *refresher_new(void);

/* Ends the thread. If it waits for the server for too long, it is left to end with the process, and the result is
 * false. */
bool refresher_free(struct refresher *refresher);

/* The last value of the total of this name, and when its computing began (steady milliseconds); false: there is none
 * yet. */
bool refresher_last(struct refresher *refresher, const char *name, int64_t *value,
		    int64_t *begun_at);

/* Caches a value that the caller computed. */
void refresher_keep(struct refresher *refresher, const char *name, int64_t value, int64_t begun_at);

/* Has the total computed soon, unless it already will be or is. Of db only the address is used. least: the total is known
 * to be at least so much. */
void refresher_ask(struct refresher *refresher, struct db *db, const struct total *total,
		   int64_t least);

/* Is it being computed, or will it be soon? Then *least is what it is known to be at least. */
bool refresher_at_it(struct refresher *refresher, const char *name, int64_t *least);

/* Waits for a value whose computing began at or after `since` (steady milliseconds); false: not before the deadline. */
bool refresher_wait(struct refresher *refresher, const char *name, int64_t since, int64_t deadline);

#endif
