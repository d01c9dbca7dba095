#include "ctl/tool.h"

#include "base/clock.h"
#include "market/sweep.h"
#include "store/connect.h"
#include "store/setup.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEP_SECONDS_MAX = 24 * 60 * 60 };

/* Set by a signal, in whichever thread that comes, and looked at by all. */
static atomic_bool stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = true;
}

/* A duty of the sweep: a thread with a connection of its own. */
struct sweeper {
	const struct tool *tool;
	size_t duty;
	int64_t every; /* seconds; 0: once */
	pthread_t thread;
	enum err err;
};

static enum err sweep_once(const struct sweeper *sweeper, struct db *db, struct arena *arena)
{
	struct tool tool = *sweeper->tool;

	tool.db = db;
	tool.arena = arena;
	enum err err = setup_ready(db, arena);
	return err == OK ? sweep_duty(tool_call(&tool), sweeper->duty) : err;
}

/* A database that is away for a while is tried again. */
static void *sweeper_run(void *context)
{
	struct sweeper *sweeper = context;
	struct arena *arena = arena_new();
	struct db *db = NULL;

	sweeper->err = ERR_UNAVAILABLE;
	do {
		if (!db)
			db = db_open(sweeper->tool->store);
		if (db)
			sweeper->err = sweep_once(sweeper, db, arena);
		arena_reset(arena);
		for (int64_t i = 0; i < sweeper->every * 10 && !stopping; i++)
			clock_sleep(100);
	} while (sweeper->every && !stopping);
	db_close(db);
	arena_free(arena);
	return NULL;
}

/* All duties side by side, each at its own pace. The first error. */
static enum err sweep_run(const struct tool *tool, int64_t every)
{
	struct sweeper sweepers[SWEEP_DUTIES];
	enum err err = OK;

	for (size_t i = 0; i < SWEEP_DUTIES; i++) {
		sweepers[i] = (struct sweeper){ .tool = tool, .duty = i, .every = every };
		if (pthread_create(&sweepers[i].thread, NULL, sweeper_run, &sweepers[i]))
			abort();
	}
	for (size_t i = 0; i < SWEEP_DUTIES; i++) {
		pthread_join(sweepers[i].thread, NULL);
		if (err == OK)
			err = sweepers[i].err;
	}
	return err;
}

/* With --every it goes on until a signal. */
int command_sweep(struct tool *tool)
{
	int64_t every = 0;
	enum err err = setup_ready(tool->db, tool->arena);

	db_end_left(tool->db);
	if (!tool->argc)
		return err == OK ? tool_refuse_err(sweep_run(tool, 0)) : tool_refuse_unadopted(err);
	if (tool->argc != 2 || strcmp(tool->argv[0], "--every") ||
	    !tool_read_count(tool->argv[1], SWEEP_SECONDS_MAX, &every))
		return tool_refuse("sweep --every takes seconds, 1 to 86400.");
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = stop }, NULL);
	sweep_run(tool, every);
	return EXIT_SUCCESS;
}
