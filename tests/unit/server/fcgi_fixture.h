/* A real server in a forked child, its trivial service, and what its tests do with it. */
#ifndef TESTS_FCGI_FIXTURE_H
#define TESTS_FCGI_FIXTURE_H

#include "fcgi_client.h"
#include "server/fcgi.h" /* before check.h, whose macro fail() would spoil it */

#include <check.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* What the server's process and the test both see. */
struct shared {
	atomic_int handled; /* calls of the handler */
	atomic_int held; /* of /hold, so far */
	atomic_bool let_go; /* ends every /hold */
	atomic_int refuse_start; /* the thread whose start fails; 0: none */
	atomic_int started, stopped, ready;
	atomic_int resumed, turned_away; /* of those who waited for a turn */
	atomic_int running, most; /* turns at once */
};

extern struct shared *shared;
extern int listener;
extern pid_t server_pid;
/* Of the next server, whose /turn… needs one of TURN_PROVIDER; NULL: it has none. */
extern const struct bulkhead_limits *server_bulkheads;

/* A checked fixture: a listening Unix socket before, an end to the server after each test. */
void server_setup(void);
void server_teardown(void);

/* Makes the listening socket. */
void server_listen(int domain, const struct sockaddr *address, socklen_t length);
/* Connections made before are the child's as well, and so do not end when the test closes them. */
void server_start(int threads, int queue);
/* Sends a signal to the server that runs, and returns when it was taken. */
void server_signal(int number);
/* Waits for its end; its exit status. */
int server_end(void);

int connected(void);
void send_call(int fd, const struct call *call);
/* Waits until what the server counts has reached a number. */
void await(atomic_int *count, int wanted);

extern const struct call get, hold;
void assert_serves(int fd);

#endif
