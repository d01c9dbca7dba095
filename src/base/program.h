/* What the command lines of the programs share. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/config.h"

#include <stdbool.h>

/* A program that serves. It takes [-c FILE] [--check-config | --help-config[=markdown] | --version]. */
struct program {
	const char *name;
	const char *about; /* one sentence, for the usage */
	const struct provider_settings *const *providers; /* what config_read() takes */
	/* Checks settings that only higher rooms understand; false with a sentence in problem. */
	bool (*check)(const struct config *config, char problem[256]);
	int (*serve)(const struct config *config); /* the exit status */
};

/* The checked configuration of a program; the log keeps to its level from now on. NULL with a sentence in problem. Of
 * the program it takes `providers` and `check`. */
const struct config *program_configure(const struct program *program, struct arena *arena,
				       const char *file, char problem[256]);

/* All of main(); returns the exit status. */
int program_run(const struct program *program, int argc, char **argv);

/* Says on standard error why the program ends. Returns EXIT_FAILURE. */
int program_refuse(const char *name, const char *problem);

#endif
