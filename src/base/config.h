/*
 * Configuration: names and values from a file of NAME=value lines, else from the environment.
 *
 * config.c has a table with a row for each setting (base/setting.h), and each payment provider has one of its own;
 * `providers` is a NULL-terminated array of these. Reading, checking, `--help-config` and docs/configuration.md all go
 * by the tables. Settings that older servers had keep their names (MONGODB_URI, JWT_SECRET, …); those of ours begin
 * with MICROTASK_, and a name that begins so and is unknown keeps a program from starting.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>

struct provider_settings; /* base/setting.h */

struct config {
	int64_t production; /* MICROTASK_ENV: 1 for production, 0 for development */
	const char *mongodb_uri; /* with the database's name in its path */
	const char *jwt_secret; /* at least 32 bytes; in production no known example value */
	const char *jwt_secret_previous; /* comma-separated, none empty; NULL: none */
	const char *cors_origins; /* comma-separated; nginx answers by it */
	const char *run_dir; /* MICROTASK_RUN_DIR: lock files that this host's processes share */
	int64_t threads; /* MICROTASK_THREADS: worker threads in each process */
	int64_t queue; /* MICROTASK_QUEUE: calls that may wait for a thread, and for a turn */
	int64_t streams; /* MICROTASK_STREAMS: open streams in each microtask-events */
	int64_t log_level; /* MICROTASK_LOG_LEVEL: an enum log_level */
	int64_t rate_limit; /* RATE_LIMIT: calls per address in 15 minutes; nginx counts them */
	int64_t login_failures; /* LOGIN_FAILURES: per account and address in 15 minutes; 0 = off */
	int64_t register_limit; /* REGISTER_LIMIT: registrations per address in an hour; 0 = off */
	const char *google_client_ids; /* GOOGLE_CLIENT_ID, comma-separated; NULL: none */
	const char *google_keys_url; /* MICROTASK_GOOGLE_KEYS_URL: where Google's keys are */
	int64_t review_days; /* REVIEW_DAYS: unreviewed work is approved after so many; 0 = off */
	const char *packages; /* COIN_PACKAGES: what everybody is offered (market/packages.h) */
	const char *packages_extra; /* COIN_PACKAGES_EXTRA; NULL: none */
	int64_t provider; /* PAYMENTS_PROVIDER: which of the providers, counted from 1; 0: none */
};

/*
 * Reads and checks everything. file may be NULL. Returns NULL and writes one sentence for a person
 * to problem when something is wrong. Texts belong to the arena.
 */
const struct config *config_read(struct arena *arena,
				 const struct provider_settings *const *providers, const char *file,
				 char problem[256]);

/* The table for --help-config: name, default, range, sentence; secrets never show a value. */
void config_print_help(const struct provider_settings *const *providers, FILE *out);
/* The same as the page docs/configuration.md. */
void config_print_markdown(const struct provider_settings *const *providers, FILE *out);

#endif
