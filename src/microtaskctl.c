/* microtaskctl: what an operator does beside the running service. One row a command. */
#include "api/api.h"
#include "api/auth.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/program.h"
#include "http/openapi.h"
#include "market/adoption.h"
#include "market/audit.h"
#include "market/seed.h"
#include "market/sweep.h"
#include "market/users.h"
#include "outside/fetch.h"
#include "store/setup.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 10 * 60 * 1000 /* counting and seeding may take long */ };

/* What a command works with. db is NULL for those that need no database. */
struct tool {
	struct arena *arena;
	const struct config *config;
	struct store *store;
	struct db *db;
	int argc;
	char **argv;
};

static int refuse(const char *sentence)
{
	return program_refuse("microtaskctl", sentence);
}

static int refuse_err(enum err err)
{
	return err == OK ? EXIT_SUCCESS : refuse(err_row(err)->sentence);
}

/* A whole number of 1 to most. */
static bool count_read(const char *text, int64_t most, int64_t *count)
{
	char *end;

	errno = 0;
	*count = strtoll(text, &end, 10);
	return end != text && !*end && !errno && *count >= 1 && *count <= most;
}

/* The service itself calls upon the market. */
static struct call *service_call(const struct tool *tool)
{
	struct call *call = arena_alloc(tool->arena, sizeof *call);

	*call = (struct call){
		.arena = tool->arena,
		.db = tool->db,
		.config = tool->config,
		.caller = arena_alloc(tool->arena, sizeof(struct caller)),
		.request_id = "microtaskctl",
		.now = clock_now(),
		.detail = arena_alloc(tool->arena, sizeof(struct err_detail)),
	};
	return call;
}

/* For what would move coins of an older server's records before the journal knows of them. */
static int refuse_unadopted(enum err err)
{
	return refuse(
		err == ERR_UNAVAILABLE ?
			"The data is not adopted, or MongoDB is away: run microtaskctl init-db first." :
			err_row(err)->sentence);
}

/* ---- init-db ---- */

static enum err adopt(void *context)
{
	return market_adopt(context);
}

static int init_db(struct tool *tool)
{
	bool dry_run = tool->argc == 1 && !strcmp(tool->argv[0], "--dry-run");
	struct adoption_order adoption = { .store = tool->store,
					   .db = tool->db,
					   .dry_run = dry_run,
					   .report = stdout,
					   .progress = stderr };
	struct setup_order order = {
		.report = stdout, .dry_run = dry_run, .adopt = adopt, .context = &adoption
	};
	char problem[256] = "";

	if (tool->argc && !dry_run)
		return refuse("init-db [--dry-run]");
	enum err err = setup_run(tool->db, tool->arena, &order, problem);
	return err == OK ? EXIT_SUCCESS : refuse(*problem ? problem : err_row(err)->sentence);
}

/* ---- create-admin ---- */

/* A password on the command line would stand in the process list. */
static char *password_from_input(struct arena *arena)
{
	char line[256];

	if (!fgets(line, sizeof line, stdin))
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return arena_text(arena, line);
}

/* The rules are those of a registration, and so is who checks them. */
static const struct register_input *admin_input(struct tool *tool, const char *password)
{
	struct buffer body = { 0 };
	struct faults faults = { 0 };
	struct err_detail detail = { 0 };
	struct json json;
	enum err err = OK;

	json_start(&json, &body);
	json_object(&json, NULL);
	json_text(&json, "name", tool->argv[0]);
	json_text(&json, "email", tool->argv[1]);
	json_text(&json, "password", password);
	json_text(&json, "role", "admin");
	json_finish(&json);
	const struct register_input *input = schema_decode_body(
		tool->arena, &register_schema, body.bytes, body.length, &faults, &detail, &err);
	buffer_free(&body);
	if (err != OK)
		refuse(detail.sentence);
	for (size_t i = 0; i < faults_told(&faults); i++)
		refuse(faults.list[i].message);
	return err == OK && faults.count == 0 ? input : NULL;
}

static int create_admin(struct tool *tool)
{
	struct call *call = service_call(tool);
	char hash[PASSWORD_HASH_SIZE];
	struct event event;
	const bson_t *taken;

	const char *password = password_from_input(tool->arena);
	const struct register_input *input = password ? admin_input(tool, password) : NULL;
	if (!input)
		return password ? EXIT_FAILURE : refuse("No password was given.");
	enum err err = user_by_email(call, input->email, &taken);
	if (err != OK || taken)
		return refuse_err(err != OK ? err : ERR_EMAIL_TAKEN);
	if (!password_hash(input->password, hash))
		return refuse("The password cannot be hashed.");
	event_start(&event, tool->arena);
	user_create_admin(call, input, hash, &event);
	return refuse_err(store_commit(tool->db, &event));
}

/* ---- audit ---- */

static void audit_print(const struct audit *audit)
{
	printf("coins %lld + pending %lld + escrow %lld = opening %lld + bonuses %lld + purchases %lld "
	       "+ adjustments %lld - payouts %lld - forfeits %lld\n",
	       (long long)audit->coins, (long long)audit->pending_coins, (long long)audit->escrow,
	       (long long)audit->opening, (long long)audit->bonuses, (long long)audit->purchases,
	       (long long)audit->adjustments, (long long)audit->payouts,
	       (long long)audit->forfeits);
	for (size_t i = 0; i < audit->difference_count; i++) {
		char hex[ID_HEX_LENGTH + 1];

		id_hex(&audit->differences[i].id, hex);
		printf("%s of %s: expected %lld, found %lld\n", audit->differences[i].kind, hex,
		       (long long)audit->differences[i].expected,
		       (long long)audit->differences[i].found);
	}
	printf("%lld users and %lld tasks compared: %s\n", (long long)audit->users,
	       (long long)audit->tasks, audit->balanced ? "balanced" : "NOT BALANCED");
}

static int audit(struct tool *tool)
{
	struct audit *result = arena_alloc(tool->arena, sizeof *result);
	enum err err = audit_run(tool->db, tool->arena, 0, result);

	if (err != OK)
		return refuse_err(err);
	audit_print(result);
	return result->balanced ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- sweep ---- */

enum { SWEEP_SECONDS_MAX = 24 * 60 * 60 };

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static int sweep_once(struct tool *tool)
{
	enum err err = setup_ready(tool->db, tool->arena);

	return err == OK ? refuse_err(market_sweep(service_call(tool))) : refuse_unadopted(err);
}

/* With --every it goes on until a signal; a database that is away for a while is tried again. */
static int sweep(struct tool *tool)
{
	int64_t every;

	if (!tool->argc)
		return sweep_once(tool);
	if (tool->argc != 2 || strcmp(tool->argv[0], "--every") ||
	    !count_read(tool->argv[1], SWEEP_SECONDS_MAX, &every))
		return refuse("sweep --every takes seconds, 1 to 86400.");
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = stop }, NULL);
	while (!stopping) {
		sweep_once(tool);
		arena_reset(tool->arena);
		for (int64_t i = 0; i < every * 10 && !stopping; i++)
			clock_sleep(100);
	}
	return EXIT_SUCCESS;
}

/* ---- seed-demo ---- */

static int seed(struct tool *tool)
{
	struct seed_order order = { .now = clock_now(),
				    .production = tool->config->production,
				    .progress = stdout };
	char problem[256] = "";
	bool scaled = true;

	for (int i = 0; i < tool->argc && scaled; i++) {
		if (!strcmp(tool->argv[i], "--force"))
			order.force = true;
		else if (!strcmp(tool->argv[i], "--scale") && i + 1 < tool->argc)
			scaled = count_read(tool->argv[++i], SEED_TASKS_MAX, &order.scale);
		else
			scaled = false;
	}
	if (!scaled)
		return refuse(
			"seed-demo takes --scale with a number of tasks, 1 to 1000000, and --force.");
	enum err err = setup_ready(tool->db, tool->arena);
	if (err != OK)
		return refuse_unadopted(err);
	err = seed_demo(tool->db, &order, problem);
	return err == OK ? EXIT_SUCCESS : refuse(*problem ? problem : err_row(err)->sentence);
}

/* ---- the tables in print ---- */

static const char *access_text(struct arena *arena, unsigned access)
{
	if (access & (ACCESS_PUBLIC | ACCESS_OPTIONAL))
		return "public";
	if (access == ACCESS_ANY)
		return "any";
	return arena_printf(arena, "%s%s%s%s", access & ACCESS_WORKER ? "worker" : "",
			    access & ACCESS_BUYER ? "buyer" : "",
			    access & ACCESS_BUYER && access & ACCESS_ADMIN ? "," : "",
			    access & ACCESS_ADMIN ? "admin" : "");
}

static int routes(struct tool *tool)
{
	for (size_t i = 0; i < api_route_count; i++)
		printf("%s /api%s %s\n", method_name(api_routes[i].method), api_routes[i].path,
		       access_text(tool->arena, api_routes[i].access));
	return EXIT_SUCCESS;
}

static int openapi(struct tool *tool)
{
	struct buffer out = { 0 };

	(void)tool;
	openapi_write(&out, api_routes, api_route_count, PACKAGE_VERSION);
	fwrite(out.bytes, 1, out.length, stdout);
	buffer_free(&out);
	return EXIT_SUCCESS;
}

/* ---- the commands ---- */

static const struct command {
	const char *name;
	int (*run)(struct tool *tool);
	bool offline; /* needs neither configuration nor database */
	int least, most; /* how many arguments it takes */
	const char *arguments, *summary;
} commands[] = {
	{ "init-db", init_db, false, 0, 1, "[--dry-run]",
	  "make indexes, adopt an older server's data; changes nothing when run again" },
	{ "create-admin", create_admin, false, 2, 2, "NAME EMAIL",
	  "an account of an admin, the password on standard input" },
	{ "audit", audit, false, 0, 0, "", "do the books balance? exit status 0 when they do" },
	{ "sweep", sweep, false, 0, 2, "[--every SECONDS]",
	  "do what is due: deadlines, unreviewed work, open payments, removals" },
	{ "seed-demo", seed, false, 0, 3, "[--scale TASKS] [--force]",
	  "demo data, the same each time" },
	{ "routes", routes, true, 0, 0, "", "list every call and who may use it" },
	{ "openapi", openapi, true, 0, 0, "", "print the OpenAPI document" },
};

static int usage(void)
{
	fputs("usage: microtaskctl [-c FILE] COMMAND …\n", stderr);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(stderr, "  %-13s %s%s%s\n", commands[i].name, commands[i].arguments,
			*commands[i].arguments ? ": " : "", commands[i].summary);
	return 2;
}

static int run_connected(const struct command *command, struct tool *tool)
{
	char problem[256] = "";

	fetch_start();
	struct store *store = store_open(&(struct store_options){ .uri = tool->config->mongodb_uri,
								  .threads = 2 + ADOPTION_THREADS,
								  .answer_ms = ANSWER_MS },
					 problem);

	if (!store)
		return refuse(problem);
	tool->store = store;
	tool->db = db_open(store);
	int result = tool->db ? command->run(tool) : refuse("MongoDB cannot be reached.");
	db_close(tool->db);
	arena_reset(tool->arena); /* before the driver that made some of it is gone */
	store_close(store);
	return result;
}

/* The configuration outlives tool->arena, which a command may reset. */
static int run_configured(const struct command *command, struct tool *tool, const char *file)
{
	char problem[256] = "";
	struct arena *arena = arena_new();

	tool->config = config_read(arena, file, problem);
	if (tool->config)
		log_set_level((enum log_level)tool->config->log_level);
	int result = tool->config ? run_connected(command, tool) : refuse(problem);
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
