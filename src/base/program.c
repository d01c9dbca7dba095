#include "base/program.h"

#include "base/log.h"

#include <getopt.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

int program_refuse(const char *name, const char *problem)
{
	fprintf(stderr, "%s: %s\n", name, problem);
	return EXIT_FAILURE;
}

static int usage(const struct program *program)
{
	fprintf(stderr,
		"usage: %s [-c FILE] [--check-config | --help-config[=markdown] | --version]\n%s\n",
		program->name, program->about);
	return 2;
}

static int help(const struct program *program, const char *form)
{
	if (form && strcmp(form, "markdown"))
		return usage(program);
	if (form)
		config_print_markdown(program->providers, stdout);
	else
		config_print_help(program->providers, stdout);
	return EXIT_SUCCESS;
}

const struct config *program_configure(const struct program *program, struct arena *arena,
				       const char *file, char problem[256])
{
	const struct config *config = config_read(arena, program->providers, file, problem);

	if (!config || !program->check(config, problem))
		return NULL;
	log_set_level((enum log_level)config->log_level);
	return config;
}

static int configured(const struct program *program, const char *file, bool only_check)
{
	char problem[256];
	struct arena *arena = arena_new();
	const struct config *config = program_configure(program, arena, file, problem);
	int result = EXIT_SUCCESS;

	if (!config)
		result = program_refuse(program->name, problem);
	else if (!only_check)
		result = program->serve(config);
	arena_free(arena);
	return result;
}

/*
 * What a large answer took goes back at once: glibc would learn from the first one to keep such blocks for the next, in
 * as many heaps as there are threads, full of holes.
 */
static void give_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
	mallopt(M_ARENA_MAX, 4);
}

int program_run(const struct program *program, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "help-config", optional_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = NULL;
	bool only_check = false;

	give_memory_back();
	for (int option; (option = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'k':
			only_check = true;
			break;
		case 'h':
			return help(program, optarg);
		case 'v':
			puts(PACKAGE_STRING);
			return EXIT_SUCCESS;
		default:
			return usage(program);
		}
	}
	return configured(program, file, only_check);
}
