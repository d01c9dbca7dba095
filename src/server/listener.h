/* The listening socket that a program inherits from its supervisor (spawn-fcgi, systemd). */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>

/*
 * Checks that fd listens and makes it non-blocking: who shares the socket may take a connection between the news
 * of it and our accept. *tcp tells whether it is one of the internet's. false with a logged reason.
 */
bool listener_take(int fd, bool *tcp);

#endif
