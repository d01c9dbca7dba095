/*
 * Passwords: bcrypt through crypt(3), and a semaphore that keeps hashing from starving everything else.
 *
 * A hash of cost 10 is about 50 ms of CPU. A host makes at most one fewer at a time than it has cores (but one at
 * least), whichever process makes them: each takes a slot, which is a lock on a file in the run directory. The kernel
 * frees it when the process dies. Only threads with the turn to hash (base/turn.h) come here, so few wait.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define PASSWORD_HASH_SIZE 61 /* "$2b$10$" + 53 characters + NUL */
#define PASSWORD_BYTES_MAX 72 /* what bcrypt reads */
#define PASSWORD_COST 10
/* How long a caller waits for hashing: people still look at the page, and nginx gives up after 15 s. */
#define PASSWORD_WAIT_MS 10000

struct password_semaphore;

/* run_dir: where the lock files are; made if missing. NULL and a logged reason when it cannot be used. */
struct password_semaphore *password_semaphore_new(const char *run_dir);
void password_semaphore_free(struct password_semaphore *semaphore);
/* How many can hash at once on this host. */
int password_semaphore_slots(const struct password_semaphore *semaphore);

/*
 * Waits for a slot, for a caller who came at `since` (steady milliseconds). Within a process callers come here in the
 * order of their turns; which of several processes gets a free slot is chance. OK, and the slot is to be released.
 * ERR_UNAVAILABLE: PASSWORD_WAIT_MS are over, and at least a moment was waited here. ERR_INTERNAL: the thread has no
 * turn.
 */
enum err password_semaphore_acquire(struct password_semaphore *semaphore, int64_t since, int *slot);
void password_semaphore_release(struct password_semaphore *semaphore, int slot);

/* Makes a $2b$ hash with a random salt. false when crypt fails (logged). Call it with a slot. */
bool password_hash(const char *password, char hash[PASSWORD_HASH_SIZE]);

/*
 * Does the password fit the hash ($2a$, $2b$ or $2y$, first 72 bytes)? For a hash that is NULL, empty or of another
 * kind it takes the same time, and is false. Call it with a slot.
 */
bool password_verify(const char *password, const char *hash);

/* For schemas: NULL, or a sentence when a new password lacks a letter or a digit. */
const char *password_rule(const char *password);

#endif
