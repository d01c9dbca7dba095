/*
 * What our servers, however they serve, have in common as processes: the socket they inherit from their supervisor
 * (spawn-fcgi, systemd), the signals that end them, how many connections they may have, and what they tell the service
 * manager.
 *
 * The socket may be shared with other processes. So it is never shut down, and who stops only ceases to accept:
 * newcomers wait in the kernel for a successor, which may be there already.
 */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Checks that fd listens, and makes it non-blocking, because another process that shares the socket may accept a
 * connection that we were told of. *tcp tells whether it is a TCP socket; it may be NULL. false with a logged reason.
 */
bool process_listens(int fd, bool *tcp);

/*
 * Blocks SIGTERM, SIGINT, SIGPIPE and SIGUSR1 in this thread and those that it makes later. Call it before any other
 * thread exists (a MongoDB pool makes some): a thread that has them open would swallow a SIGTERM.
 */
void process_block_signals(void);
/* A descriptor that is readable when SIGTERM or SIGINT, which must be blocked, has come; -1 with a logged reason. */
int process_signals(void);
/* Takes one signal from it. false: none has come. */
bool process_take_signal(int fd);

/* Makes a thread. false with a logged reason. */
bool process_thread(pthread_t *thread, void *(*run)(void *context), void *context);

/*
 * Raises the limit of open files to the most that the system allows, which is safe as nothing here uses select().
 * Returns how many connections there may be. The rest is for the database, other services and logs.
 */
int64_t process_connections(void);

/* Where no connection can be accepted, mostly for want of descriptors: who is connected is served on, and newcomers
 * wait in the kernel for so long. */
#define PROCESS_ACCEPT_PAUSE_MS 50
/* Logs that it is so, with errno as the reason; not more than once a second. For one thread. */
void process_cannot_accept(void);

/*
 * Tells the service manager the state ("READY=1", "STOPPING=1") as systemd's Type=notify expects it, without
 * libsystemd: at the socket that NOTIFY_SOCKET names, which is a path, or an abstract name after an @. Does nothing
 * without one; a manager that does not listen is logged, no more.
 */
void process_tell(const char *state);

#endif
