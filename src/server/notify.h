/* Tells the service manager the state of the process, as systemd's Type=notify expects it, without libsystemd. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

/*
 * Sends state ("READY=1", "STOPPING=1") to the socket that NOTIFY_SOCKET names: a path, or an abstract
 * name after an @. Does nothing without one; a manager that does not listen is logged, no more.
 */
void notify_send(const char *state);

#endif
