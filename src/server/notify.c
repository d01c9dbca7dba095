#include "server/notify.h"

#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

void notify_send(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name && name[0] && !send_to(name, state))
		log_line(LOG_WARN, NULL, "The service manager cannot be told %s: %s", state,
			 strerror(errno));
}
