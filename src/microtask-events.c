/* microtask-events: the streams of notifications. Configuration, set-up, serving, one teardown. */
#include "base/program.h"
#include "market/packages.h"
#include "providers/provider.h"
#include "server/process.h"
#include "store/connect.h"
#include "streams/server.h"

#include <stdlib.h>

#define NAME "microtask-events"

enum { ANSWER_MS = 3000 };

static int serve(const struct config *config)
{
	char problem[256] = "";

	process_block_signals();
	struct store *store = store_open(&(struct store_options){ .uri = config->mongodb_uri,
								  .threads = STREAMS_CONNECTIONS,
								  .answer_ms = ANSWER_MS },
					 problem);
	if (!store)
		return program_refuse(NAME, problem);
	int result = streams_serve(config, store, 0);
	store_close(store);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const struct program program = {
		.name = NAME,
		.about =
			"Serves HTTP on the listening socket it inherits as descriptor 0; its settings "
			"are microtaskd's.",
		.providers = provider_settings,
		.check = packages_check,
		.serve = serve,
	};

	return program_run(&program, argc, argv);
}
