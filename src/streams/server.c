#include "streams/server.h"

#include "base/count.h"
#include "base/log.h"
#include "server/process.h"
#include "streams/loop.h"

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <unistd.h>

enum {
	POOL_THREADS = STREAMS_CONNECTIONS - 1, /* and one for the watcher */
	REQUEST_TIMEOUT_S = 15,
	HEADERS_MAX = 64 * 1024, /* more than the web server takes, so that it may pass all on */
	FAREWELL_MS = 500 /* until the ends of all streams are sent */
};

struct server {
	struct loop loop;
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	struct event *messages, *signals, *second, *accept_again;
	int signal_fd;
	struct watcher *watcher;
	int64_t seconds;
};

/* ---- what happens ---- */

static void on_request(struct evhttp_request *request, void *context)
{
	struct server *server = context;

	admission_begin(&server->loop, request);
}

static void on_messages(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)fd, (void)what;
	mailbox_handle_all(server->loop.mailbox);
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)fd, (void)what;
	hub_tick(server->loop.hub);
	if (++server->seconds % RECHECK_S == 0 && hub_count(server->loop.hub) > 0)
		recheck_begin(&server->loop);
}

static void on_signal(evutil_socket_t fd, short what, void *context)
{
	static const struct timeval farewell = { .tv_usec = FAREWELL_MS * 1000 };
	struct server *server = context;

	(void)what;
	if (!process_take_signal(fd) || !server->socket)
		return;
	log_line(LOG_INFO, NULL, "Stopping: %zu streams end", hub_count(server->loop.hub));
	process_tell("STOPPING=1");
	evhttp_del_accept_socket(server->http, server->socket);
	server->socket = NULL;
	hub_end_all(server->loop.hub);
	event_base_loopexit(server->base, &farewell);
}

static void on_accept_error(struct evconnlistener *listener, void *context)
{
	static const struct timeval pause = { .tv_usec = PROCESS_ACCEPT_PAUSE_MS * 1000 };
	struct server *server = context;

	process_cannot_accept();
	evconnlistener_disable(listener);
	evtimer_add(server->accept_again, &pause);
}

static void on_accept_again(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)fd, (void)what;
	if (server->socket)
		evconnlistener_enable(evhttp_bound_socket_get_listener(server->socket));
}

/* libevent's own words, among ours. */
static void on_log(int severity, const char *message)
{
	if (severity >= EVENT_LOG_WARN)
		log_line(LOG_WARN, NULL, "libevent: %s", message);
}

/* ---- set-up ---- */

static struct event *watch_fd(struct server *server, int fd, event_callback_fn call)
{
	struct event *event = event_new(server->base, fd, EV_READ | EV_PERSIST, call, server);

	if (event)
		event_add(event, NULL);
	return event;
}

static bool take_signals(struct server *server)
{
	server->signal_fd = process_signals();
	server->signals =
		server->signal_fd >= 0 ? watch_fd(server, server->signal_fd, on_signal) : NULL;
	return server->signals != NULL;
}

static bool start_loop(struct server *server)
{
	static const struct timeval second = { .tv_sec = 1 };

	event_set_log_callback(on_log);
	server->base = event_base_new();
	if (!server->base || !take_signals(server))
		return false;
	server->messages = watch_fd(server, mailbox_fd(server->loop.mailbox), on_messages);
	server->second = event_new(server->base, -1, EV_PERSIST, on_second, server);
	server->accept_again = evtimer_new(server->base, on_accept_again, server);
	return server->messages && server->second && server->accept_again &&
	       event_add(server->second, &second) == 0;
}

static bool start_http(struct server *server, int listen_fd)
{
	server->http = process_listens(listen_fd, NULL) ? evhttp_new(server->base) : NULL;
	if (!server->http)
		return false;
	evhttp_set_timeout(server->http, REQUEST_TIMEOUT_S);
	evhttp_set_max_headers_size(server->http, HEADERS_MAX);
	evhttp_set_max_body_size(server->http, 0);
	evhttp_set_gencb(server->http, on_request, server);
	server->socket = evhttp_accept_socket_with_handle(server->http, listen_fd);
	if (server->socket)
		evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(server->socket),
					    on_accept_error);
	return server->socket != NULL;
}

static size_t streams_max(const struct config *config)
{
	int64_t most = process_connections();

	if (config->streams <= most)
		return (size_t)config->streams;
	log_line(LOG_WARN, NULL,
		 "MICROTASK_STREAMS is %lld, but there may be only %lld: raise the limit of open "
		 "files",
		 (long long)config->streams, (long long)most);
	return (size_t)most;
}

static bool start(struct server *server, struct store *store, int listen_fd)
{
	struct loop *loop = &server->loop;

	process_block_signals();
	loop->streams_max = streams_max(loop->config);
	loop->hub = hub_new();
	loop->mailbox = mailbox_new();
	if (!loop->mailbox || !start_loop(server))
		return false;
	loop->pool = pool_open(store, POOL_THREADS, loop->mailbox);
	server->watcher = loop->pool ? watcher_start(store, loop) : NULL;
	return server->watcher && start_http(server, listen_fd);
}

/* Threads first, then what they had for the loop, then the loop's own. */
static void stop(struct server *server)
{
	struct event *events[] = { server->messages, server->signals, server->second,
				   server->accept_again };

	watcher_stop(server->watcher);
	pool_close(server->loop.pool);
	mailbox_free(server->loop.mailbox);
	if (server->loop.hub)
		hub_end_all(server->loop.hub);
	if (server->http)
		evhttp_free(server->http);
	for (size_t i = 0; i < COUNT_OF(events); i++)
		if (events[i])
			event_free(events[i]);
	if (server->signal_fd >= 0)
		close(server->signal_fd);
	if (server->base)
		event_base_free(server->base);
	hub_free(server->loop.hub);
}

int streams_serve(const struct config *config, struct store *store, int listen_fd)
{
	struct server server = { .loop = { .config = config }, .signal_fd = -1 };
	int result = -1;

	if (start(&server, store, listen_fd)) {
		process_tell("READY=1");
		result = event_base_dispatch(server.base) >= 0 ? 0 : -1;
	} else {
		log_line(LOG_ERROR, NULL, "Streams cannot be served");
	}
	stop(&server);
	libevent_global_shutdown();
	return result;
}
