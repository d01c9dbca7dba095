/* microtask-events: the streams of notifications. Configuration, set-up, serving, one teardown. */
#include "base/log.h"
#include "events/server.h"
#include "http/acceptor.h"
#include "http/notify.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MS = 3000 };

static void ready(void)
{
	notify_send("READY=1");
}

static int refuse(const char *problem)
{
	fprintf(stderr, "microtask-events: %s\n", problem);
	return EXIT_FAILURE;
}

static int serve(const struct config *config)
{
	char problem[256] = "";

	acceptor_block_signals();
	log_set_level((enum log_level)config->log_level);
	struct store *store = store_open(&(struct store_options){ .uri = config->mongodb_uri,
								  .threads = EVENTS_CONNECTIONS,
								  .answer_ms = ANSWER_MS },
					 problem);
	if (!store)
		return refuse(problem);
	int result = events_serve(config, store, 0, ready);
	store_close(store);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(void)
{
	fputs("usage: microtask-events [-c FILE] [--version]\n"
	      "Serves HTTP on the listening socket it inherits as descriptor 0; its settings are "
	      "microtaskd's.\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = NULL;
	char problem[256];

	for (int option; (option = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'v':
			puts(PACKAGE_STRING);
			return EXIT_SUCCESS;
		default:
			return usage();
		}
	}
	struct arena *arena = arena_new();
	const struct config *config = config_read(arena, file, problem);
	int result = config ? serve(config) : refuse(problem);
	arena_free(arena);
	return result;
}
