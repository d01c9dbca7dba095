/* The threads of a FastCGI server (server/fcgi.h), and the bulkheads between them. */
#ifndef SERVER_POOL_H
#define SERVER_POOL_H

#include "server/fcgi.h"

/* As fcgi_serve(). */
int pool_serve(const struct fcgi_server *server, int listen_fd);

#endif
