/* The threads of a FastCGI server (http/fcgi.h), and the bulkheads between them. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/fcgi.h"

/* As fcgi_serve(). */
int pool_serve(const struct fcgi_server *server, int listen_fd);

#endif
