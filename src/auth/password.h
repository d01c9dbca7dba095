/*
 * Passwords: bcrypt through crypt(3), and the semaphore that keeps hashing from starving
 * everything else.
 *
 * A hash of cost 10 is about 50 ms of CPU. At most cores − 1 (at least one) run at a time on a
 * host, over all its processes: a slot is a lock on a file in the run directory, which the kernel
 * frees when a process dies. Only threads with the turn to hash (base/turn.h) come here, so few wait.
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

/*
 * run_dir: where the lock files are; made if missing. NULL and a logged reason when it cannot be
 * used.
 */
struct password_semaphore *password_semaphore_new(const char *run_dir);
void password_semaphore_free(struct password_semaphore *semaphore);
/* How many can hash at once on this host. */
int password_semaphore_slots(const struct password_semaphore *semaphore);

/*
 * Waits for a slot, for one who has waited since then (steady milliseconds). Who is next is each process's to say, by its
 * queue for turns; between processes chance decides, alike for all. OK, or ERR_UNAVAILABLE: it took longer than
 * PASSWORD_WAIT_MS and a moment; or ERR_INTERNAL: without the turn. There is nothing to release then.
 */
enum err password_semaphore_acquire(struct password_semaphore *semaphore, int64_t since, int *slot);
void password_semaphore_release(struct password_semaphore *semaphore, int slot);

/* Makes a $2b$ hash with a random salt. false when crypt fails (logged). Call it with a slot. */
bool password_hash(const char *password, char hash[PASSWORD_HASH_SIZE]);

/*
 * Does the password fit the hash ($2a$, $2b$ or $2y$, first 72 bytes)? hash NULL, empty or of
 * another kind: spends the same time on a fixed dummy and says no. Call it with a slot.
 */
bool password_verify(const char *password, const char *hash);

/* For schemas: NULL, or a sentence when a new password lacks a letter or a digit. */
const char *password_rule(const char *password);

#endif
