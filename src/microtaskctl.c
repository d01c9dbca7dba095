/* microtaskctl: what an operator does beside the running service. One row a command. */
#include "api/admin.h"
#include "api/api.h"
#include "api/auth.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/program.h"
#include "ctl/seed.h"
#include "http/openapi.h"
#include "market/adjustments.h"
#include "market/audit.h"
#include "market/email_keys.h"
#include "market/search_renewal.h"
#include "market/sweep.h"
#include "market/users.h"
#include "migrate/adoption.h"
#include "providers/fetch.h"
#include "providers/provider.h"
#include "store/doc.h"
#include "store/replica_set.h"
#include "store/setup.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Counting and seeding may take long. A sweep is tried again, and must not wait for a server that hangs while another
 * has been elected. */
enum { ANSWER_MS = 10 * 60 * 1000, SWEEP_ANSWER_MS = 30 * 1000 };

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

static enum err adopt(void *context, bool late, int64_t *adopted)
{
	struct adoption_order *order = context;

	order->late = late;
	return market_adopt(order, adopted);
}

static enum err renew(void *context, int64_t *changed)
{
	const struct adoption_order *order = context;

	int64_t keys = 0;
	enum err err = search_renew(order->db, order->dry_run, order->report, changed);

	if (err == OK)
		err = email_keys_renew(order->db, order->dry_run, order->report, &keys);
	*changed += keys;
	return err;
}

static int init_db(struct tool *tool)
{
	bool dry_run = tool->argc == 1 && !strcmp(tool->argv[0], "--dry-run");
	struct adoption_order adoption = { .store = tool->store,
					   .db = tool->db,
					   .dry_run = dry_run,
					   .report = stdout,
					   .progress = stderr };
	struct setup_order order = { .report = stdout,
				     .dry_run = dry_run,
				     .adopt = adopt,
				     .renew = renew,
				     .context = &adoption };
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

/* The rules are those of the call, and so is who checks them. What is wrong is said. */
static const void *input_read(struct tool *tool, const struct schema *schema, struct json *json,
			      struct buffer *body)
{
	struct faults faults = { 0 };
	struct err_detail detail = { 0 };
	enum err err = OK;

	json_finish(json);
	const void *input = schema_decode_body(tool->arena, schema, body->bytes, body->length,
					       &faults, &detail, &err);
	buffer_free(body);
	if (err != OK)
		refuse(detail.sentence);
	for (size_t i = 0; i < faults_told(&faults); i++)
		refuse(faults.list[i].message);
	return err == OK && faults.count == 0 ? input : NULL;
}

static const struct register_input *admin_input(struct tool *tool, const char *password)
{
	struct buffer body = { 0 };
	struct json json;

	json_start(&json, &body);
	json_object(&json, NULL);
	json_text(&json, "name", tool->argv[0]);
	json_text(&json, "email", tool->argv[1]);
	json_text(&json, "password", password);
	json_text(&json, "role", "admin");
	return input_read(tool, &register_schema, &json, &body);
}

static int create_admin(struct tool *tool)
{
	struct call *call = service_call(tool);
	char hash[PASSWORD_HASH_SIZE];
	struct txn txn;
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
	txn_start(&txn, tool->arena);
	user_create_admin(call, input, hash, &txn);
	return refuse_err(txn_commit(tool->db, &txn));
}

/* ---- adjust ---- */

static const struct adjustment *adjustment_input(struct tool *tool)
{
	struct buffer body = { 0 };
	struct json json;

	json_start(&json, &body);
	json_object(&json, NULL);
	json_text(&json, "coins", tool->argv[1]);
	json_text(&json, "reason", tool->argv[2]);
	return input_read(tool, &adjust_schema, &json, &body);
}

struct adjusting {
	struct call *call;
	struct id user;
	const struct adjustment *adjustment;
};

static enum err adjust_build(void *context, struct txn *txn)
{
	struct adjusting *adjusting = context;

	*adjusting->call->detail = (struct err_detail){ 0 };
	return user_adjust(adjusting->call, &adjusting->user, adjusting->adjustment, txn);
}

static int adjust(struct tool *tool)
{
	struct adjusting adjusting = { .call = service_call(tool),
				       .adjustment = adjustment_input(tool) };
	const struct txn *done;
	const bson_t *user;

	if (!adjusting.adjustment)
		return EXIT_FAILURE;
	enum err err = setup_ready(tool->db, tool->arena);
	if (err != OK)
		return refuse_unadopted(err);
	err = user_by_email(adjusting.call, tool->argv[0], &user);
	if (err == OK && !user)
		return refuse("There is no account with this address.");
	if (err == OK) {
		adjusting.user = doc_own_id(user);
		err = txn_carry_out(tool->db, tool->arena, adjust_build, &adjusting, &done);
	}
	if (err == OK)
		printf("%s has %lld coins now\n", tool->argv[0],
		       (long long)doc_whole(txn_found(done, USERS), "coins", 0));
	return refuse_err(err);
}

/* ---- audit ---- */

static void audit_print(const struct audit *audit)
{
	printf("coins %lld + pending %lld + escrow %lld = opening %lld + bonuses %lld + purchases %lld "
	       "+ adjustments %lld - payouts %lld - forfeits %lld - reversals %lld\n",
	       (long long)audit->coins, (long long)audit->pending_coins, (long long)audit->escrow,
	       (long long)audit->opening, (long long)audit->bonuses, (long long)audit->purchases,
	       (long long)audit->adjustments, (long long)audit->payouts, (long long)audit->forfeits,
	       (long long)audit->reversals);
	for (size_t i = 0; i < audit->difference_count; i++) {
		char hex[ID_HEX_LENGTH + 1];

		id_hex(&audit->differences[i].id, hex);
		printf("%s of %s: expected %lld, found %lld\n", audit->differences[i].kind, hex,
		       (long long)audit->differences[i].expected,
		       (long long)audit->differences[i].found);
	}
	for (int in = 0; in < MARKED_COUNT; in++)
		if (audit->unadopted.of[in])
			printf("%s: %lld%s not adopted, init-db does so\n",
			       collection_name((enum collection)in),
			       (long long)audit->unadopted.of[in],
			       audit->unadopted.of[in] == UNMARKED_COUNTED ? " or more" : "");
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
	return err == OK ? sweep_duty(service_call(&tool), sweeper->duty) : err;
}

/* A database that is away for a while is tried again. */
static void *sweeper_run(void *context)
{
	struct sweeper *sweeper = context;
	struct arena *arena = arena_new();
	struct db *db = db_open(sweeper->tool->store);

	sweeper->err = ERR_UNAVAILABLE;
	do {
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
static int sweep(struct tool *tool)
{
	int64_t every = 0;
	enum err err = setup_ready(tool->db, tool->arena);

	db_end_left(tool->db);
	if (!tool->argc)
		return err == OK ? refuse_err(sweep_run(tool, 0)) : refuse_unadopted(err);
	if (tool->argc != 2 || strcmp(tool->argv[0], "--every") ||
	    !count_read(tool->argv[1], SWEEP_SECONDS_MAX, &every))
		return refuse("sweep --every takes seconds, 1 to 86400.");
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop }, NULL);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = stop }, NULL);
	sweep_run(tool, every);
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
	struct openapi_about about = { .version = PACKAGE_VERSION };
	struct buffer out = { 0 };

	if (tool->argc == 2 && !strcmp(tool->argv[0], "--server"))
		about.server = tool->argv[1];
	else if (tool->argc)
		return refuse("openapi [--server ADDRESS]");
	if (about.server && strncmp(about.server, "https://", strlen("https://")) &&
	    strncmp(about.server, "http://", strlen("http://")))
		return refuse("The server's address begins with https:// or http://.");
	openapi_write(&out, api_routes, api_route_count, &about);
	fwrite(out.bytes, 1, out.length, stdout);
	buffer_free(&out);
	return EXIT_SUCCESS;
}

/* ---- init-set ---- */

static int init_set(struct tool *tool)
{
	char problem[256] = "";
	enum err err = replica_set_begin(tool->argv[0], tool->argv[1], problem);

	return err == OK ? EXIT_SUCCESS : refuse(problem);
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
	{ "adjust", adjust, false, 3, 3, "EMAIL COINS REASON",
	  "give coins, or take them (below 0), and say why: it stands in the journal" },
	{ "audit", audit, false, 0, 0, "", "do the books balance? exit status 0 when they do" },
	{ "sweep", sweep, false, 0, 2, "[--every SECONDS]",
	  "do what is due: deadlines, unreviewed work, open payments, removals" },
	{ "seed-demo", seed, false, 0, 3, "[--scale TASKS] [--force]",
	  "demo data, the same each time" },
	{ "init-set", init_set, true, 2, 2, "NAME HOST:PORT",
	  "for trying out: make a new mongod a replica set of its own; exit status 0 when it takes writes" },
	{ "routes", routes, true, 0, 0, "", "list every call and who may use it" },
	{ "openapi", openapi, true, 0, 2, "[--server ADDRESS]",
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

/* What a killed sweep left open, its successor or a worker ends. Others are run by people, who may have no right to the
 * directory. */
static const char *sweeps_run_dir(const struct config *config)
{
	return access(config->run_dir, W_OK | X_OK) == 0 ? config->run_dir : NULL;
}

static int run_connected(const struct command *command, struct tool *tool)
{
	char problem[256] = "";
	bool sweeps = command->run == sweep;

	fetch_start();
	struct store *store = store_open(
		&(struct store_options){ .uri = tool->config->mongodb_uri,
					 .threads = 2 + ADOPTION_THREADS,
					 .answer_ms = sweeps ? SWEEP_ANSWER_MS : ANSWER_MS,
					 .run_dir = sweeps ? sweeps_run_dir(tool->config) : NULL },
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

	tool->config = config_read(arena, provider_settings, file, problem);
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
