/*
 * Watching a collection: tells of each inserted document after its commit, whoever inserted it.
 *
 * After a failure of the database a watch goes on after the last document that it told of. Only when the server has
 * forgotten that place, as its oplog is finite, it begins anew, and says so.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "store/store.h"

struct watch;

enum watch_news {
	WATCH_QUIET, /* nothing within the time */
	WATCH_INSERTED, /* *doc is it, the caller's to destroy */
	WATCH_BEGINS, /* it tells of what is inserted from now on, and not of what was before */
	WATCH_AWAY /* the database cannot be reached; try again after a pause */
};

/* For one thread, over its own connection, which is used for nothing else meanwhile. */
struct watch *watch_open(struct db *db, enum collection in);
void watch_close(struct watch *watch);

/* Waits up to wait_ms for the next piece of news (wait_ms less than the time an answer of the server may take). The
 * first that is not WATCH_AWAY is WATCH_BEGINS. */
enum watch_news watch_next(struct watch *watch, int wait_ms, bson_t **doc);

#endif
