#include "server/listener.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

bool listener_take(int fd, bool *tcp)
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
	*tcp = domain == AF_INET || domain == AF_INET6;

	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return true;
	log_line(LOG_ERROR, NULL, "The listening socket cannot be made non-blocking: %s",
		 strerror(errno));
	return false;
}
