/* microtaskd: the FastCGI worker. Configuration, set-up, serving, one teardown. */
#include "api/api.h"
#include "base/log.h"
#include "base/program.h"
#include "http/fcgi.h"
#include "http/notify.h"
#include "market/packages.h"
#include "outside/fetch.h"
#include "outside/google_keys.h"

#include <stdlib.h>

#define NAME "microtaskd"

/* A read is tried twice: both together end before nginx gives up on the worker. */
enum { ANSWER_MS = 4000, GOOGLE_MS = 3000 };

static void handle(void *context, struct request *rq)
{
	(void)context;
	pipeline_run(&api_service, rq);
}

static void ready(void *context)
{
	(void)context;
	notify_send("READY=1");
}

static int refuse(const char *problem)
{
	return program_refuse(NAME, problem);
}

/* A server that is away now may be back soon; one that cannot do transactions will not. */
static bool server_suits(struct store *store, char problem[256])
{
	struct db *db = db_open(store);
	enum err err = db ? db_check_server(db, problem) : ERR_UNAVAILABLE;

	db_close(db);
	if (err == ERR_UNAVAILABLE)
		log_line(LOG_WARN, NULL, "starting without MongoDB: %s", problem);
	return err == OK || err == ERR_UNAVAILABLE;
}

static int serve(const struct config *config)
{
	char problem[256] = "";
	struct app app = { .config = config };
	int result = EXIT_FAILURE;

	fcgi_block_signals();
	fetch_start();
	log_set_level((enum log_level)config->log_level);
	if (routes_check(api_routes, api_route_count, problem))
		return refuse(problem);
	app.store = store_open(&(struct store_options){ .uri = config->mongodb_uri,
							.threads = (int)config->threads,
							.answer_ms = ANSWER_MS },
			       problem);
	if (!app.store)
		return refuse(problem);
	app.gate = password_gate_new(config->run_dir, (int)config->threads);
	if (!app.gate) {
		refuse("MICROTASK_RUN_DIR cannot be used; see the log.");
		goto out;
	}
	app.google = google_keys_new(&(struct google_keys_options){
		.url = config->google_keys_url,
		.timeout_ms = GOOGLE_MS,
		.waiting_max = (int)config->threads / 2,
	});
	if (!server_suits(app.store, problem)) {
		refuse(problem);
		goto out;
	}
	packages_warn(config);
	struct fcgi_server server = {
		.threads = (int)config->threads,
		.queue = (int)config->queue,
		.context = &app,
		.start = thread_start,
		.stop = thread_stop,
		.handle = handle,
		.ready = ready,
	};
	result = fcgi_serve(&server, 0) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
out:
	google_keys_free(app.google);
	password_gate_free(app.gate);
	store_close(app.store);
	return result;
}

int main(int argc, char **argv)
{
	const struct program program = {
		.name = NAME,
		.about = "Serves FastCGI on the listening socket it inherits as descriptor 0.",
		.serve = serve,
	};

	return program_run(&program, argc, argv);
}
