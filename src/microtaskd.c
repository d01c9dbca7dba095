/* microtaskd: serves the calls over FastCGI. Configuration, set-up, serving, one teardown. */
#include "api/api.h"
#include "api/turns.h"
#include "auth/password.h"
#include "base/config_check.h"
#include "base/log.h"
#include "base/program.h"
#include "http/pipeline.h"
#include "http/share.h"
#include "market/packages.h"
#include "providers/fetch.h"
#include "providers/google_keys.h"
#include "providers/provider.h"
#include "server/fcgi.h"
#include "server/process.h"
#include "store/connect.h"

#include <stdlib.h>

#define NAME "microtaskd"

/* A read is tried twice: both together end before nginx gives up on the process. */
enum { ANSWER_MS = 4000, GOOGLE_MS = 3000 };

static struct db *thread_start(struct app *app)
{
	return db_open(app->store);
}

static void ready(void)
{
	process_tell("READY=1");
}

/* A server that is away now may be back soon; one that cannot do transactions will not. */
static bool server_suits(struct store *store, char problem[256])
{
	struct db *db = db_open(store);
	enum err err = db ? db_check_server(db, problem) : ERR_UNAVAILABLE;

	if (err == OK)
		db_end_left(db);
	db_close(db);
	if (err == ERR_UNAVAILABLE)
		log_line(LOG_WARN, NULL, "starting without MongoDB: %s", problem);
	return err == OK || err == ERR_UNAVAILABLE;
}

/* What all threads share. false when something cannot be had, which is said then. */
static bool app_open(struct app *app, struct bulkhead_limits bulkheads[TURN_COUNT])
{
	const struct config *config = app->config;
	char problem[256] = "MICROTASK_RUN_DIR cannot be used; see the log.";

	app->semaphore = password_semaphore_new(config->run_dir);
	if (app->semaphore) {
		/* fcgi_serve() makes one more */
		int threads =
			(int)config->threads + 1 + turns_plan(config, app->semaphore, bulkheads);

		app->store = store_open(&(struct store_options){ .uri = config->mongodb_uri,
								 .threads = threads,
								 .answer_ms = ANSWER_MS,
								 .run_dir = config->run_dir },
					problem);
	}
	app->shared = share_new();
	app->google = google_keys_new(config->google_keys_url, GOOGLE_MS);
	if (app->store && server_suits(app->store, problem))
		return true;
	program_refuse(NAME, problem);
	return false;
}

static void app_close(struct app *app)
{
	gathers_free(app->shared);
	google_keys_free(app->google);
	password_semaphore_free(app->semaphore);
	store_close(app->store);
}

static int serve(const struct config *config)
{
	char problem[256] = "";
	struct app app = { .routes = api_routes(), .config = config };
	struct bulkhead_limits bulkheads[TURN_COUNT];
	const struct fcgi_server server = {
		.threads = (int)config->threads,
		.queue = (int)config->queue,
		.app = &app,
		.start = thread_start,
		.stop = db_close,
		.bulkheads = bulkheads,
		.handle = pipeline_begin,
		.resume = pipeline_resume,
		.turn_away = pipeline_turn_away,
		.share = turns_share,
		.ready = ready,
	};
	int result = EXIT_FAILURE;

	process_block_signals();
	fetch_start();
	if (routes_check(app.routes.rows, app.routes.count, problem) ||
	    providers_check(provider_rows, problem))
		return program_refuse(NAME, problem);
	if (app_open(&app, bulkheads)) {
		packages_warn(config);
		config_warn_jwt_secret_previous(config->jwt_secret_previous);
		result = fcgi_serve(&server, 0) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	app_close(&app);
	return result;
}

int main(int argc, char **argv)
{
	const struct program program = {
		.name = NAME,
		.about = "Serves FastCGI on the listening socket it inherits as descriptor 0.",
		.providers = provider_settings,
		.check = packages_check,
		.serve = serve,
	};

	return program_run(&program, argc, argv);
}
