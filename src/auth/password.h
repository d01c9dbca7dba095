/*
 * Passwords: bcrypt through crypt(3), and the gate that keeps hashing from starving everything
 * else.
 *
 * A hash of cost 10 is about 50 ms of CPU. At most cores − 1 (at least one) run at a time on a
 * host, over all its processes: a slot is a lock on a file in the run directory, which the kernel
 * frees when a process dies. At most a quarter of a process's threads wait for one, for a short
 * while; beyond that callers are told to come back.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "base/error.h"

#include <stdbool.h>

#define PASSWORD_HASH_SIZE 61 /* "$2b$10$" + 53 characters + NUL */
#define PASSWORD_BYTES_MAX 72 /* what bcrypt reads */
#define PASSWORD_COST 10

struct password_gate;

/*
 * run_dir: where the lock files are; made if missing. NULL and a logged reason when it cannot be
 * used.
 */
struct password_gate *password_gate_new(const char *run_dir, int threads);
void password_gate_free(struct password_gate *gate);

/*
 * Waits for a slot (at most 2 s). OK, or ERR_UNAVAILABLE: too many are hashing; nothing to leave
 * then.
 */
enum err password_gate_enter(struct password_gate *gate, int *slot);
void password_gate_leave(struct password_gate *gate, int slot);

/* Makes a $2b$ hash with a random salt. false when crypt fails (logged). Call inside the gate. */
bool password_hash(const char *password, char hash[PASSWORD_HASH_SIZE]);

/*
 * Does the password fit the hash ($2a$, $2b$ or $2y$, first 72 bytes)? hash NULL, empty or of
 * another kind: spends the same time on a fixed dummy and says no. Call inside the gate.
 */
bool password_verify(const char *password, const char *hash);

/* For schemas: NULL, or a sentence when a new password lacks a letter or a digit. */
const char *password_rule(const char *password);

#endif
