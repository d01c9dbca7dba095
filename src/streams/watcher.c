#include "streams/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/process.h"
#include "store/doc.h"
#include "store/watch.h"
#include "streams/frame.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	WAIT_MS = 500, /* how long the server keeps a question open; also bounds a stop */
	PAUSE_MS = 200 /* between tries while the database is away */
};

struct watcher {
	struct loop *loop;
	struct db *db;
	atomic_bool stopping;
	pthread_t thread;
};

struct news {
	struct message message; /* first */
	struct loop *loop;
	bson_t *notification; /* NULL: from now on they are told; what came before was not */
};

/* ---- in the loop ---- */

static void tell(struct hub *hub, const bson_t *notification)
{
	struct buffer frame = { 0 };
	struct id user;

	if (!doc_id(notification, "user_id", &user) || !hub_count_of(hub, &user) ||
	    doc_bool(notification, "archived", false))
		return;
	frame_notification(&frame, notification);
	hub_tell(hub, &user, frame.bytes, frame.length);
	buffer_free(&frame);
}

/* The first time nobody listens yet. Later it means that the database has forgotten what we had not read. */
static void begin(struct loop *loop)
{
	struct buffer frame = { 0 };

	if (loop->watching) {
		log_line(LOG_WARN, NULL,
			 "The database's record of changes has a gap: all streams are reset");
		frame_reset(&frame, clock_now());
		hub_tell_all(loop->hub, frame.bytes, frame.length);
		buffer_free(&frame);
	}
	loop->watching = true;
}

static void news_handle(struct message *message, bool over)
{
	struct news *news = (struct news *)message;

	if (news->notification && !over)
		tell(news->loop->hub, news->notification);
	else if (!over)
		begin(news->loop);
	bson_destroy(news->notification);
	free(news);
}

/* ---- in the thread ---- */

static void news_post(struct watcher *watcher, bson_t *notification)
{
	struct news *news = memory_new(sizeof *news);

	*news = (struct news){ .message = { .handle = news_handle },
			       .loop = watcher->loop,
			       .notification = notification };
	mailbox_post(watcher->loop->mailbox, &news->message);
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

struct watcher *watcher_start(struct store *store, struct loop *loop)
{
	struct watcher *watcher = memory_new(sizeof *watcher);

	watcher->loop = loop;
	watcher->db = db_open(store);
	if (watcher->db && process_thread(&watcher->thread, watcher_run, watcher))
		return watcher;
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
