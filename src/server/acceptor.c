#include "server/acceptor.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/process.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_AT_ONCE 64
/* How often the thread that accepts looks at the clock while it waits for a time. */
#define TICK_MS 20
/* How often it looks for connections that do not send the rest of a request. */
#define IDLE_TICK_MS 1000

struct acceptor {
	int listener, signals;
	bool tcp;
	int epoll; /* has the connections, and what ends waiting for them */
	int ended; /* an eventfd that is readable from acceptor_end() on */

	int drain_ms;
	bool draining;
	atomic_bool cut; /* reading has ended; other threads ask for it */
	int64_t cut_at; /* once draining: when reading ends, in steady milliseconds */
	int64_t accept_again; /* the end of a pause; 0: there is none */
	int64_t looked; /* when unfinished requests were last looked for */
	int64_t most; /* how many connections there may be */

	/* Guards what follows, and who is unfinished. */
	pthread_mutex_t lock;
	LIST_HEAD(, connection) open;
	_Atomic int64_t count; /* of those that are open */
};

/* --- set-up --- */

static bool complain(const char *what)
{
	log_line(LOG_ERROR, NULL, "%s: %s", what, strerror(errno));
	return false;
}

/* An event without a connection is that of `ended`. */
static bool watch(struct acceptor *acceptor, int operation, int fd, uint32_t events,
		  struct connection *connection)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	return epoll_ctl(acceptor->epoll, operation, fd, &event) == 0;
}

static bool make_ready(struct acceptor *acceptor)
{
	acceptor->epoll = epoll_create1(EPOLL_CLOEXEC);
	acceptor->ended = eventfd(0, EFD_CLOEXEC);
	if (acceptor->epoll < 0 || acceptor->ended < 0 ||
	    !watch(acceptor, EPOLL_CTL_ADD, acceptor->ended, EPOLLIN, NULL))
		return complain("Connections cannot be waited for");
	return true;
}

struct acceptor *acceptor_new(int listen_fd)
{
	struct acceptor *acceptor = memory_new(sizeof(*acceptor));

	process_block_signals();
	acceptor->epoll = acceptor->ended = -1;
	acceptor->signals = process_signals();
	pthread_mutex_init(&acceptor->lock, NULL);

	acceptor->listener = listen_fd;
	acceptor->most = process_connections();
	if (acceptor->signals >= 0 && process_listens(listen_fd, &acceptor->tcp) &&
	    make_ready(acceptor))
		return acceptor;
	acceptor_free(acceptor);
	return NULL;
}

/* --- connections --- */

static void configure(const struct acceptor *acceptor, int fd)
{
	const int on = 1;

	if (acceptor->tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* One event and then none until the connection is kept again, so that it has one owner. */
#define ONE_REQUEST (EPOLLIN | EPOLLRDHUP | EPOLLONESHOT)

static void admit(struct acceptor *acceptor, int fd)
{
	struct connection *connection = memory_new(sizeof(*connection));

	connection->fd = fd;
	configure(acceptor, fd);
	pthread_mutex_lock(&acceptor->lock);
	LIST_INSERT_HEAD(&acceptor->open, connection, of_open);
	acceptor->count++;
	pthread_mutex_unlock(&acceptor->lock);
	if (!watch(acceptor, EPOLL_CTL_ADD, fd, ONE_REQUEST, connection)) {
		complain("A connection cannot be watched");
		acceptor_close(acceptor, connection);
	}
}

void acceptor_keep(struct acceptor *acceptor, struct connection *connection)
{
	pthread_mutex_lock(&acceptor->lock);
	connection->unfinished_since = connection->records.began;
	int fd = connection->fd;
	pthread_mutex_unlock(&acceptor->lock);
	if (!watch(acceptor, EPOLL_CTL_MOD, fd, ONE_REQUEST, connection)) {
		complain("A connection cannot be watched");
		acceptor_close(acceptor, connection);
	}
}

void acceptor_close(struct acceptor *acceptor, struct connection *connection)
{
	/* Taken out first: cut_readers() must not meet a number that already means another file. */
	pthread_mutex_lock(&acceptor->lock);
	LIST_REMOVE(connection, of_open);
	acceptor->count--;
	pthread_mutex_unlock(&acceptor->lock);
	close(connection->fd);
	records_reset(&connection->records);
	free(connection);
}

/* --- waiting for requests --- */

/* Closed by the client with nothing left to read? */
static bool is_gone(const struct connection *connection)
{
	char byte;
	ssize_t got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* Looked at in this order: who is cut in between is not taken for gone. */
bool acceptor_is_left(struct acceptor *acceptor, const struct connection *connection)
{
	return is_gone(connection) && !acceptor->cut;
}

/* epoll itself orders what a thread did with the connection before this. */
static void take_back(struct acceptor *acceptor, struct connection *connection)
{
	pthread_mutex_lock(&acceptor->lock);
	connection->unfinished_since = 0;
	pthread_mutex_unlock(&acceptor->lock);
}

struct connection *acceptor_wait(struct acceptor *acceptor)
{
	struct epoll_event event;

	for (;;) {
		if (epoll_wait(acceptor->epoll, &event, 1, -1) != 1)
			continue; /* interrupted: it has no other reason to fail */
		struct connection *connection = event.data.ptr;
		if (!connection)
			return NULL;
		take_back(acceptor, connection);
		if (!(event.events & EPOLLHUP) && /* nobody waits for what was not begun */
		    !((event.events & (EPOLLRDHUP | EPOLLERR)) && is_gone(connection)))
			return connection;
		acceptor_close(acceptor, connection);
	}
}

void acceptor_end(struct acceptor *acceptor)
{
	if (acceptor)
		eventfd_write(acceptor->ended, 1);
}

/* --- accepting --- */

static void pause_accepting(struct acceptor *acceptor)
{
	process_cannot_accept();
	acceptor->accept_again = clock_steady() + PROCESS_ACCEPT_PAUSE_MS;
}

static int accept_one(struct acceptor *acceptor)
{
	if (acceptor->count < acceptor->most)
		return accept4(acceptor->listener, NULL, NULL, SOCK_CLOEXEC);
	errno = EMFILE;
	return -1;
}

static void accept_some(struct acceptor *acceptor)
{
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept_one(acceptor);
		if (fd >= 0) {
			admit(acceptor, fd);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			pause_accepting(acceptor);
			return;
		}
	}
}

/* --- ending --- */

static void begin_drain(struct acceptor *acceptor)
{
	log_line(LOG_INFO, NULL,
		 "Stopping: no new connections, those that exist are served until they close");
	process_tell("STOPPING=1");
	acceptor->draining = true;
	acceptor->cut_at = clock_steady() + acceptor->drain_ms;
}

/* Ends those that do not send the rest of a request: they keep no thread, but memory. */
static void cut_unfinished(struct acceptor *acceptor)
{
	int64_t since = clock_steady() - CONNECTION_PATIENCE_MS;
	struct connection *c;

	pthread_mutex_lock(&acceptor->lock);
	LIST_FOREACH(c, &acceptor->open, of_open)
		if (c->unfinished_since && c->unfinished_since < since)
			shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&acceptor->lock);
}

/* Makes every connection look closed by its client; answers can still be sent. */
static void cut_readers(struct acceptor *acceptor)
{
	struct connection *c;

	pthread_mutex_lock(&acceptor->lock);
	acceptor->cut = true;
	LIST_FOREACH(c, &acceptor->open, of_open)
		shutdown(c->fd, SHUT_RD);
	pthread_mutex_unlock(&acceptor->lock);
}

static void take_signal(struct acceptor *acceptor)
{
	if (!process_take_signal(acceptor->signals))
		return;
	if (!acceptor->draining)
		begin_drain(acceptor);
	else if (!acceptor->cut)
		cut_readers(acceptor);
}

static void tick(struct acceptor *acceptor)
{
	int64_t now = clock_steady();

	if (now >= acceptor->accept_again)
		acceptor->accept_again = 0;
	if (acceptor->draining && !acceptor->cut && now >= acceptor->cut_at)
		cut_readers(acceptor);
	if (now - acceptor->looked >= IDLE_TICK_MS) {
		acceptor->looked = now;
		cut_unfinished(acceptor);
	}
}

int acceptor_run(struct acceptor *acceptor, int drain_ms)
{
	acceptor->drain_ms = drain_ms;
	while (!acceptor->draining || acceptor->count > 0) {
		bool accepts = !acceptor->draining && acceptor->accept_again == 0;
		struct pollfd wait[] = {
			{ .fd = acceptor->signals, .events = POLLIN },
			{ .fd = accepts ? acceptor->listener : -1, .events = POLLIN },
		};

		if (poll(wait, COUNT_OF(wait), accepts ? IDLE_TICK_MS : TICK_MS) < 0 &&
		    errno != EINTR) {
			complain("The listening socket cannot be waited for");
			return -1;
		}
		if (wait[0].revents)
			take_signal(acceptor);
		if (wait[1].revents && !acceptor->draining)
			accept_some(acceptor);
		tick(acceptor);
	}
	return 0;
}

void acceptor_free(struct acceptor *acceptor)
{
	if (!acceptor)
		return;
	while (!LIST_EMPTY(&acceptor->open))
		acceptor_close(acceptor, LIST_FIRST(&acceptor->open));
	if (acceptor->epoll >= 0)
		close(acceptor->epoll);
	if (acceptor->ended >= 0)
		close(acceptor->ended);
	if (acceptor->signals >= 0)
		close(acceptor->signals);
	pthread_mutex_destroy(&acceptor->lock);
	free(acceptor);
}
