/*
 * The refresher: one thread of a process that makes totals over many records again, behind the scenes.
 *
 * It caches the last value of each total that was asked for, and makes one after the other afresh when asked to, with a
 * connection of its own, whose answers may take longer than a call's. Nobody waits for it unless they say for how long.
 */
#ifndef STORE_REFRESHER_H
#define STORE_REFRESHER_H

#include "store/totals.h"

#include <stdbool.h>
#include <stdint.h>

struct refresher;

struct refresher *refresher_new(void);

/* Ends the thread. One that waits for the server for long is left behind (false): it ends with the process. */
bool refresher_free(struct refresher *refresher);

/* What was computed last for the total of this name, and when it was begun (steady milliseconds); false: nothing yet. */
bool refresher_last(struct refresher *refresher, const char *name, int64_t *value,
		    int64_t *begun_at);

/* Caches a value that the caller computed. */
void refresher_keep(struct refresher *refresher, const char *name, int64_t value, int64_t begun_at);

/* Has the total computed, soon; the newest filter counts. db lends its address alone. least: it is so much at least. */
void refresher_ask(struct refresher *refresher, struct db *db, const struct total *total,
		   int64_t least);

/* Is it being computed, or will be soon? Then *least is the most of what was said of it, or of the last value. */
bool refresher_at_it(struct refresher *refresher, const char *name, int64_t *least);

/* Waits until a value is there that was begun at or after `since`, but not beyond the deadline (false). */
bool refresher_wait(struct refresher *refresher, const char *name, int64_t since, int64_t deadline);

#endif
