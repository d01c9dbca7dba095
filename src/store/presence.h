/*
 * Which processes of this host are alive, and which MongoDB sessions the dead ones left open.
 *
 * Each process creates a file in the run directory, which all processes of the host share, and holds a lock on it. The
 * kernel frees the lock when the process ends, however it ends, so a file that nobody has locked belongs to a dead
 * process. The file lists the sessions in which the process runs its transactions. A process that was killed leaves
 * them open on the server, and the records that they were changing stay locked there until somebody ends the sessions.
 */
#ifndef STORE_PRESENCE_H
#define STORE_PRESENCE_H

#include "base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRESENCE_SESSION_SIZE = 16 };

struct presence;

/* Creates this process's file, and the directory if it is missing. NULL and a logged reason when that cannot be
 * done. */
struct presence *presence_new(const char *run_dir);
void presence_free(struct presence *presence);

/* The name of this process to others, of this host or not: random, and new for each process. */
const struct id *presence_id(const struct presence *presence);

/* Writes the session in which a thread's transactions run from now on into this process's file, in the place of the
 * thread's last one. *place is where that is: the thread keeps it, 0 at first. Any thread may call this at any time. */
void presence_note_session(struct presence *presence, unsigned *place,
			   const uint8_t session[PRESENCE_SESSION_SIZE]);

/* Called with each claim. If the process dies, its file is kept for keep_ms from then (presence_each_over()), as long
 * as somebody may meet the claim and ask. */
void presence_touch(struct presence *presence);

/* Has that process died? false also for a process of another host, and for one whose file has been removed. */
bool presence_is_over(const struct presence *presence, const struct id *process);

/* The sessions in a process's file, `most` at most. Returns how many. */
size_t presence_sessions(const struct presence *presence, const struct id *process,
			 uint8_t (*sessions)[PRESENCE_SESSION_SIZE], size_t most);

/* Calls each() for every process of this host that has died, and removes the files of those that made no claim within
 * keep_ms. */
void presence_each_over(struct presence *presence, int64_t keep_ms,
			void (*each)(void *context, const struct id *process), void *context);

#endif
