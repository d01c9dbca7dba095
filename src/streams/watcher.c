#include "streams/watcher.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAIT_MS = 500, /* how long the server keeps a question open; also bounds a stop */
	PAUSE_MS = 200 /* between tries while the database is away */
};

struct watcher {
	struct mailbox *mailbox;
	const struct watcher_callbacks *callbacks;
	struct db *db;
	atomic_bool stopping;
	pthread_t thread;
};

struct news {
	struct message message; /* first */
	const struct watcher_callbacks *callbacks;
	bson_t *notification; /* NULL: it begins */
};

static void news_discard(struct message *message)
{
	struct news *news = (struct news *)message;

	if (news->notification)
		bson_destroy(news->notification);
	free(news);
}

static void news_handle(struct message *message)
{
	struct news *news = (struct news *)message;

	if (news->notification)
		news->callbacks->told(news->callbacks->context, news->notification);
	else
		news->callbacks->begins(news->callbacks->context);
	news_discard(message);
}

static void news_post(struct watcher *watcher, bson_t *notification)
{
	struct news *news = calloc(1, sizeof *news);

	if (!news)
		abort();
	*news = (struct news){ .message = { .handle = news_handle, .discard = news_discard },
			       .callbacks = watcher->callbacks,
			       .notification = notification };
	mailbox_post(watcher->mailbox, &news->message);
}

static void *watcher_run(void *argument)
{
	struct watcher *watcher = argument;
	struct watch *watch = watch_open(watcher->db, NOTIFICATIONS);
	bson_t *notification;

	while (!watcher->stopping) {
		switch (watch_next(watch, WAIT_MS, &notification)) {
		case WATCH_INSERTED:
			news_post(watcher, notification);
			break;
		case WATCH_BEGINS:
			news_post(watcher, NULL);
			break;
		case WATCH_AWAY:
			clock_sleep(PAUSE_MS);
			break;
		case WATCH_QUIET:
			break;
		}
	}
	watch_close(watch);
	return NULL;
}

struct watcher *watcher_start(struct store *store, struct mailbox *mailbox,
			      const struct watcher_callbacks *callbacks)
{
	struct watcher *watcher = calloc(1, sizeof *watcher);

	if (!watcher)
		abort();
	watcher->mailbox = mailbox;
	watcher->callbacks = callbacks;
	watcher->db = db_open(store);
	int error = watcher->db ? pthread_create(&watcher->thread, NULL, watcher_run, watcher) : 0;
	if (watcher->db && !error)
		return watcher;
	if (error)
		log_line(LOG_ERROR, NULL, "A thread cannot be made: %s", strerror(error));
	db_close(watcher->db);
	free(watcher);
	return NULL;
}

void watcher_stop(struct watcher *watcher)
{
	if (!watcher)
		return;
	watcher->stopping = true;
	pthread_join(watcher->thread, NULL);
	db_close(watcher->db);
	free(watcher);
}
