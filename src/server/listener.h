/* The listening socket that a program inherits from its supervisor (spawn-fcgi, systemd). */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>

/*
 * Checks that fd listens, and makes it non-blocking, because another process that shares the socket may accept a
 * connection that we were told of. *tcp tells whether it is a TCP socket. false with a logged reason.
 */
bool listener_take(int fd, bool *tcp);

#endif
