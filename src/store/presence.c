#include "store/presence.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* process.<24 hex digits>.lock */
#define NAME_START "process."
#define NAME_END ".lock"
enum { NAME_SIZE = sizeof NAME_START - 1 + ID_HEX_LENGTH + sizeof NAME_END };

/* Linux closes the files of a killed process from the highest descriptor down. The lock's is above those of
 * connections, so that whoever sees a connection of the process end finds its lock free; else the process would seem to
 * be at work still. */
enum { LOCK_DESCRIPTOR = 1000 };

struct presence {
	struct id id;
	int directory, file;
	atomic_uint places; /* in the file, a session each */
};

static void name_write(const struct id *process, char name[NAME_SIZE])
{
	char hex[ID_HEX_LENGTH + 1];

	id_hex(process, hex);
	snprintf(name, NAME_SIZE, NAME_START "%s" NAME_END, hex);
}

static bool name_read(const char *name, struct id *process)
{
	char again[NAME_SIZE];

	if (strlen(name) != NAME_SIZE - 1 ||
	    !id_parse(name + sizeof NAME_START - 1, ID_HEX_LENGTH, process))
		return false;
	name_write(process, again);
	return strcmp(name, again) == 0;
}

/* ---- oneself ---- */

/* The file under a descriptor from LOCK_DESCRIPTOR on, or as it is where no process may have so many. */
static int moved_up(int file)
{
	int up = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, LOCK_DESCRIPTOR);

	if (up < 0)
		return file;
	close(file);
	return up;
}

/* A process that asks whether this one is alive holds the lock for a moment: flock() waits for that. */
static bool presence_enter(struct presence *presence, const char *run_dir)
{
	char name[NAME_SIZE];

	if (mkdir(run_dir, 0770) != 0 && errno != EEXIST)
		return false;
	presence->directory = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (presence->directory < 0)
		return false;
	arc4random_buf(presence->id.bytes, sizeof presence->id.bytes);
	name_write(&presence->id, name);
	presence->file = moved_up(
		openat(presence->directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660));
	return presence->file >= 0 && flock(presence->file, LOCK_EX) == 0;
}

struct presence *presence_new(const char *run_dir)
{
	struct presence *presence = memory_new(sizeof *presence);

	presence->directory = presence->file = -1;
	if (presence_enter(presence, run_dir))
		return presence;
	log_line(LOG_ERROR, NULL, "The run directory %s cannot be used: %s.", run_dir,
		 strerror(errno));
	presence_free(presence);
	return NULL;
}

/* The file stays for what may not have been given back. */
void presence_free(struct presence *presence)
{
	if (!presence)
		return;
	if (presence->file >= 0)
		close(presence->file);
	if (presence->directory >= 0)
		close(presence->directory);
	free(presence);
}

const struct id *presence_id(const struct presence *presence)
{
	return &presence->id;
}

/* Without it the server ends by itself, later, what is left open. */
void presence_note_session(struct presence *presence, unsigned *place,
			   const uint8_t session[PRESENCE_SESSION_SIZE])
{
	if (*place == 0)
		*place = ++presence->places;
	if (pwrite(presence->file, session, PRESENCE_SESSION_SIZE,
		   (off_t)(*place - 1) * PRESENCE_SESSION_SIZE) != PRESENCE_SESSION_SIZE)
		log_line(LOG_WARN, NULL, "A session could not be noted: %s", strerror(errno));
}

void presence_touch(struct presence *presence)
{
	futimens(presence->file, NULL);
}

/* ---- others ---- */

static int other_open(const struct presence *presence, const struct id *process)
{
	char name[NAME_SIZE];

	name_write(process, name);
	return openat(presence->directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

bool presence_is_over(const struct presence *presence, const struct id *process)
{
	int file = other_open(presence, process);

	if (file < 0)
		return false;
	/* shared, so that nobody who looks is taken for the process itself */
	bool over = flock(file, LOCK_SH | LOCK_NB) == 0;
	close(file);
	return over;
}

size_t presence_sessions(const struct presence *presence, const struct id *process,
			 uint8_t (*sessions)[PRESENCE_SESSION_SIZE], size_t most)
{
	int file = other_open(presence, process);

	if (file < 0)
		return 0;
	ssize_t got = pread(file, sessions, most * PRESENCE_SESSION_SIZE, 0);
	close(file);
	return got > 0 ? (size_t)got / PRESENCE_SESSION_SIZE : 0;
}

/* The times of files are of this host's clock, not the primary's. */
static void forget_silent(const struct presence *presence, const char *name, int64_t keep_ms)
{
	struct stat about;

	if (fstatat(presence->directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
	    clock_of_host() - (int64_t)about.st_mtim.tv_sec * CLOCK_SECOND > keep_ms)
		unlinkat(presence->directory, name, 0);
}

/* A listing of its own, as a descriptor has one place in it. */
static DIR *listing(const struct presence *presence)
{
	int directory = openat(presence->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = directory >= 0 ? fdopendir(directory) : NULL;

	if (!entries && directory >= 0)
		close(directory);
	return entries;
}

void presence_each_over(struct presence *presence, int64_t keep_ms,
			void (*each)(void *context, const struct id *process), void *context)
{
	DIR *entries = listing(presence);
	const struct dirent *entry;
	struct id process;

	while (entries && (entry = readdir(entries)) != NULL)
		if (name_read(entry->d_name, &process) && presence_is_over(presence, &process)) {
			each(context, &process);
			forget_silent(presence, entry->d_name, keep_ms);
		}
	if (entries)
		closedir(entries);
}
