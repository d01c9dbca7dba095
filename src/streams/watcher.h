/* The thread that watches the notifications of all users and hands them to the loop. */
#ifndef STREAMS_WATCHER_H
#define STREAMS_WATCHER_H

#include "store/store.h"
#include "streams/mailbox.h"

#include <bson/bson.h>

struct watcher;

/* Both are called in the loop. */
struct watcher_callbacks {
	void *context;
	void (*begins)(void *context); /* from now on; what came before was not told */
	void (*told)(void *context, const bson_t *notification);
};

/* NULL with a logged reason. callbacks lives as long as the mailbox. */
struct watcher *watcher_start(struct store *store, struct mailbox *mailbox,
			      const struct watcher_callbacks *callbacks);
/* Ends the thread, as soon as the database answers or does not. NULL is fine. */
void watcher_stop(struct watcher *watcher);

#endif
