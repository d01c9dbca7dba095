#include "auth/password.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/turn.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_LENGTH (PASSWORD_HASH_SIZE - 1)
#define SALT_BYTES 16
/* Of kept hashes: dearer ones would hold a slot for seconds. Nobody's default is above 12. */
#define COST_MIN 4
#define COST_MAX 15

/* The least time that a slot is waited for, also where the turn came at the last moment. */
#define MOMENT_MS 1000
/* Between two tries, at random: so each process has the same chance, and its queue moves as fast. */
#define POLL_MS_MIN 1
#define POLL_MS_SPREAD 4

struct password_semaphore {
	char *directory;
	int slots;
};

static int cores_usable(void)
{
	cpu_set_t cores;

	if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
		return CPU_COUNT(&cores);
	/* More cores than the set has room for. */
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/*
 * Opens a slot's file anew each time: a lock belongs to an open file, and two threads that shared
 * one would both hold it.
 */
static int slot_open(const struct password_semaphore *semaphore, int slot)
{
	char path[PATH_MAX + 32]; /* what is cut is too long for open() */

	snprintf(path, sizeof(path), "%s/hash.%d.lock", semaphore->directory, slot);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
}

static bool semaphore_usable(const struct password_semaphore *semaphore)
{
	if (mkdir(semaphore->directory, 0770) != 0 && errno != EEXIST)
		return false;
	for (int slot = 0; slot < semaphore->slots; slot++) {
		int fd = slot_open(semaphore, slot);
		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

struct password_semaphore *password_semaphore_new(const char *run_dir)
{
	struct password_semaphore *semaphore = memory_new(sizeof(*semaphore));
	int cores = cores_usable();

	semaphore->directory = memory_text(run_dir);
	semaphore->slots = cores > 2 ? cores - 1 : 1;
	if (semaphore_usable(semaphore))
		return semaphore;
	log_line(LOG_ERROR, NULL, "The run directory %s cannot be used: %s.", run_dir,
		 strerror(errno));
	password_semaphore_free(semaphore);
	return NULL;
}

void password_semaphore_free(struct password_semaphore *semaphore)
{
	if (!semaphore)
		return;
	free(semaphore->directory);
	free(semaphore);
}

int password_semaphore_slots(const struct password_semaphore *semaphore)
{
	return semaphore->slots;
}

/* The descriptor that holds a slot's lock; -1 with errno EWOULDBLOCK when all are taken. */
static int slot_take(const struct password_semaphore *semaphore)
{
	/* From a random one on, so that waiters spread out. */
	uint32_t first = arc4random_uniform((uint32_t)semaphore->slots);

	for (int i = 0; i < semaphore->slots; i++) {
		int fd = slot_open(semaphore,
				   (int)((first + (uint32_t)i) % (uint32_t)semaphore->slots));
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

/* Polls, as flock() waits without a limit and for one file only. */
static int slot_wait(const struct password_semaphore *semaphore, int64_t since)
{
	int64_t begun = clock_steady();
	int64_t end = since + PASSWORD_WAIT_MS;
	int fd;

	if (end < begun + MOMENT_MS)
		end = begun + MOMENT_MS;
	do {
		clock_sleep(POLL_MS_MIN + arc4random_uniform(POLL_MS_SPREAD));
		fd = slot_take(semaphore);
	} while (fd < 0 && clock_steady() < end);
	if (fd < 0 && errno != EWOULDBLOCK)
		log_line(LOG_ERROR, NULL, "A hashing slot in %s cannot be locked: %s.",
			 semaphore->directory, strerror(errno));
	return fd;
}

enum err password_semaphore_acquire(struct password_semaphore *semaphore, int64_t since, int *slot)
{
	if (!turn_held(TURN_HASH))
		return ERR_INTERNAL;
	*slot = slot_take(semaphore);
	if (*slot < 0)
		*slot = slot_wait(semaphore, since);
	return *slot >= 0 ? OK : ERR_UNAVAILABLE;
}

void password_semaphore_release(struct password_semaphore *semaphore, int slot)
{
	(void)semaphore;
	close(slot);
}

/* crypt(3) into a buffer of our own; its working memory, which knows the password, is wiped. */
static bool bcrypt_run(const char *password, const char *setting, char hash[PASSWORD_HASH_SIZE])
{
	struct crypt_data *data = memory_new(sizeof(*data));
	bool made = false;

	const char *output = crypt_rn(password, setting, data, sizeof(*data));
	if (output && strlen(output) == HASH_LENGTH) {
		memcpy(hash, output, PASSWORD_HASH_SIZE);
		made = true;
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return made;
}

bool password_hash(const char *password, char hash[PASSWORD_HASH_SIZE])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char salt[SALT_BYTES];

	arc4random_buf(salt, sizeof(salt));
	/* bcrypt does not read further, and what it ignores must not seem to protect. */
	if (strlen(password) <= PASSWORD_BYTES_MAX &&
	    crypt_gensalt_rn("$2b$", PASSWORD_COST, salt, sizeof(salt), setting, sizeof(setting)) &&
	    bcrypt_run(password, setting, hash))
		return true;
	log_line(LOG_ERROR, NULL, "A password could not be hashed.");
	return false;
}

/* $2a$, $2b$ or $2y$, two digits of cost, $, then 22 of salt and 31 of hash. */
static bool hash_fits(const char *hash)
{
	static const char alphabet[] = "./0123456789"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	if (!hash || strlen(hash) != HASH_LENGTH || strncmp(hash, "$2", 2) != 0)
		return false;
	if (!strchr("aby", hash[2]) || hash[3] != '$' || hash[6] != '$')
		return false;
	if (strspn(hash + 4, "0123456789") != 2 || strspn(hash + 7, alphabet) != HASH_LENGTH - 7)
		return false;
	int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
	return cost >= COST_MIN && cost <= COST_MAX;
}

bool password_verify(const char *password, const char *hash)
{
	/* Of the usual cost and of no password. */
	static const char dummy[] = "$2b$10$abcdefghijklmnopqrstuuF6mzvEH9s7oJbFrLZBSfZXeVRSlvYnW";
	char read[PASSWORD_BYTES_MAX + 1] = { 0 };
	char expected[PASSWORD_HASH_SIZE], found[PASSWORD_HASH_SIZE];
	bool real = hash_fits(hash);

	memcpy(expected, real ? hash : dummy, PASSWORD_HASH_SIZE);
	/*
	 * The three differ in bugs of old implementations only. libxcrypt alone computes $2a$ in a
	 * way of its own, against a bug that the Node library never had.
	 */
	expected[2] = 'b';
	strncpy(read, password, PASSWORD_BYTES_MAX);
	bool same = bcrypt_run(read, expected, found) &&
		    CRYPTO_memcmp(found, expected, HASH_LENGTH) == 0;
	explicit_bzero(read, sizeof(read));
	explicit_bzero(found, sizeof(found));
	return real && same;
}

const char *password_rule(const char *password)
{
	bool letter = false, digit = false;

	/* Whatever is not ASCII counts as a letter: no table of scripts is worth a refusal here. */
	for (const unsigned char *byte = (const unsigned char *)password; *byte; byte++) {
		digit |= *byte >= '0' && *byte <= '9';
		letter |= (*byte | 0x20) >= 'a' && (*byte | 0x20) <= 'z';
		letter |= *byte >= 0x80;
	}
	return letter && digit ? NULL : "A password needs at least one letter and one digit.";
}
