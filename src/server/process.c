#include "server/process.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the socket ---- */

bool process_listens(int fd, bool *tcp)
{
	int listening = 0, domain = 0;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) {
		log_line(LOG_ERROR, NULL,
			 "Descriptor %d is no listening socket: start this program with one, as "
			 "spawn-fcgi does",
			 fd);
		return false;
	}
	size = sizeof(int);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (tcp)
		*tcp = domain == AF_INET || domain == AF_INET6;

	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return true;
	log_line(LOG_ERROR, NULL, "The listening socket cannot be made non-blocking: %s",
		 strerror(errno));
	return false;
}

/* ---- signals ---- */

static sigset_t set_of(const int *signals, size_t count)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	return set;
}

/* SIGUSR1 too: libfcgi gives it a handler, and a request whose read that interrupts is lost. */
void process_block_signals(void)
{
	static const int blocked[] = { SIGTERM, SIGINT, SIGPIPE, SIGUSR1 };
	sigset_t set = set_of(blocked, COUNT_OF(blocked));

	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int process_signals(void)
{
	static const int ends[] = { SIGTERM, SIGINT };
	sigset_t set = set_of(ends, COUNT_OF(ends));
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		log_line(LOG_ERROR, NULL, "Signals cannot be waited for: %s", strerror(errno));
	return fd;
}

bool process_take_signal(int fd)
{
	struct signalfd_siginfo signal;

	return read(fd, &signal, sizeof signal) == sizeof signal;
}

/* ---- threads, connections ---- */

bool process_thread(pthread_t *thread, void *(*run)(void *context), void *context)
{
	int error = pthread_create(thread, NULL, run, context);

	if (error)
		log_line(LOG_ERROR, NULL, "A thread cannot be made: %s", strerror(error));
	return error == 0;
}

/* How many of the descriptors are not for connections (half, where there are few): each thread has one to read requests
 * by, and connections to other services take some. */
#define DESCRIPTORS_LEFT 256

int64_t process_connections(void)
{
	/* what POSIX systems grant at least in practice */
	struct rlimit limit = { .rlim_cur = 1024 };

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
		struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	int64_t most = limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
	return most > 2 * DESCRIPTORS_LEFT ? most - DESCRIPTORS_LEFT : most / 2;
}

void process_cannot_accept(void)
{
	static int64_t told;
	int64_t now = clock_steady();

	if (told == 0 || now - told >= CLOCK_SECOND) {
		log_line(LOG_ERROR, NULL, "No connection can be accepted for the moment: %s",
			 strerror(errno));
		told = now;
	}
}

/* ---- the service manager ---- */

/* Returns the length of the address, or 0 for a name that is none. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length >= sizeof(address->sun_path))
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static bool send_to(const char *name, const char *state)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);

	errno = EINVAL;
	if (length == 0)
		return false;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			   (const struct sockaddr *)&address, length) >= 0;
	int error = errno;
	close(fd);
	errno = error;
	return sent;
}

void process_tell(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name && name[0] && !send_to(name, state))
		log_line(LOG_WARN, NULL, "The service manager cannot be told %s: %s", state,
			 strerror(errno));
}
