/* microtaskctl: what an operator does beside the running service. One row a command. */
#include "base/count.h"
#include "base/program.h"
#include "ctl/tool.h"
#include "market/packages.h"
#include "market/sweep.h"
#include "migrate/adoption.h"
#include "providers/fetch.h"
#include "providers/provider.h"
#include "store/connect.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Counting and seeding may take long. A sweep is tried again, and must not wait for a server that hangs while another
 * has been elected. */
enum { ANSWER_MS = 10 * 60 * 1000, SWEEP_ANSWER_MS = 30 * 1000 };

static const struct command {
	const char *name;
	int (*run)(struct tool *tool);
	bool offline; /* needs neither configuration nor database */
	int least, most; /* how many arguments it takes */
	const char *arguments, *summary;
} commands[] = {
	{ "init-db", command_init_db, false, 0, 1, "[--dry-run]",
	  "make indexes, adopt an older server's data; changes nothing when run again" },
	{ "create-admin", command_create_admin, false, 2, 2, "NAME EMAIL",
	  "an account of an admin, the password on standard input" },
	{ "adjust", command_adjust, false, 3, 3, "EMAIL COINS REASON",
	  "give coins, or take them (below 0), and say why: it stands in the journal" },
	{ "audit", command_audit, false, 0, 0, "",
	  "do the books balance? exit status 0 when they do" },
	{ "sweep", command_sweep, false, 0, 2, "[--every SECONDS]",
	  "do what is due: deadlines, unreviewed work, open payments, removals" },
	{ "seed-demo", command_seed_demo, false, 0, 3, "[--scale TASKS] [--force]",
	  "demo data, the same each time" },
	{ "init-set", command_init_set, true, 2, 2, "NAME HOST:PORT",
	  "for trying out: make a new mongod a replica set of its own; exit status 0 when it takes writes" },
	{ "routes", command_routes, true, 0, 0, "", "list every call and who may use it" },
	{ "personal-data", command_personal_data, true, 0, 0, "",
	  "print which fields hold personal data, and what a removal does with them" },
	{ "openapi", command_openapi, true, 0, 2, "[--server ADDRESS]",
	  "print the OpenAPI document; with the address below which the calls are, if it is known" },
};

static int usage(void)
{
	fputs("usage: microtaskctl [-c FILE] COMMAND …\n", stderr);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(stderr, "  %-13s %s%s%s\n", commands[i].name, commands[i].arguments,
			*commands[i].arguments ? ": " : "", commands[i].summary);
	return 2;
}

/* What a killed sweep left open, its successor or microtaskd ends. Others are run by people, who may have no right to the
 * directory. */
static const char *sweeps_run_dir(const struct config *config)
{
	return access(config->run_dir, W_OK | X_OK) == 0 ? config->run_dir : NULL;
}

static int run_connected(const struct command *command, struct tool *tool)
{
	char problem[256] = "";
	bool sweeps = command->run == command_sweep;

	fetch_start();
	struct store *store = store_open(
		&(struct store_options){ .uri = tool->config->mongodb_uri,
					 .threads = 1 + (sweeps ? SWEEP_DUTIES : ADOPTION_THREADS),
					 .answer_ms = sweeps ? SWEEP_ANSWER_MS : ANSWER_MS,
					 .run_dir = sweeps ? sweeps_run_dir(tool->config) : NULL },
		problem);

	if (!store)
		return tool_refuse(problem);
	tool->store = store;
	tool->db = db_open(store);
	int result = tool->db ? command->run(tool) : tool_refuse("MongoDB cannot be reached.");
	db_close(tool->db);
	arena_reset(tool->arena); /* before the driver that made some of it is gone */
	store_close(store);
	return result;
}

/* The configuration outlives tool->arena, which a command may reset. */
static int run_configured(const struct command *command, struct tool *tool, const char *file)
{
	const struct program program = { .providers = provider_settings, .check = packages_check };
	char problem[256] = "";
	struct arena *arena = arena_new();

	tool->config = program_configure(&program, arena, file, problem);
	int result = tool->config ? run_connected(command, tool) : tool_refuse(problem);
	arena_free(arena);
	return result;
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const char *file = NULL;

	/* + stops at the command: what follows is its own */
	for (int option; (option = getopt(argc, argv, "+c:")) != -1;) {
		if (option != 'c')
			return usage();
		file = optarg;
	}
	const struct command *command = optind < argc ? command_find(argv[optind]) : NULL;
	int given = argc - optind - 1;
	if (!command || given < command->least || given > command->most)
		return usage();
	struct tool tool = {
		.arena = arena_new(),
		.argc = given,
		.argv = argv + optind + 1,
	};
	int result = command->offline ? command->run(&tool) : run_configured(command, &tool, file);
	arena_free(tool.arena);
	return result;
}
