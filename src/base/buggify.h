/*
 * Fault injection inside the programs, after FoundationDB's BUGGIFY: in a build for tests (configure --enable-buggify)
 * a call of MongoDB or of another service is at times slow, fails, or succeeds and reports that its outcome is unknown.
 *
 * Other builds contain none of this, and no other file of ours knows of it: the linker (ld --wrap) replaces some
 * functions of libmongoc and libcurl by those in store/buggify.c and providers/buggify.c; Makefile.am lists them.
 *
 * A site is a kind of call, as "insert idempotency" (a key is claimed), "find users" (a caller is read) or "commit".
 * Settings come from the environment alone; each line ends with the default:
 *
 *   BUGGIFY_CHANCE       per mille of the calls at a site that something happens to. If it is not set, the file
 *                        MICROTASK_RUN_DIR/buggify has the number, and is read ten times a second, so that tests can
 *                        begin and end faults while the programs run; without that file 0
 *   BUGGIFY_SEED         a number; with the same one, the same happens to a program's n-th call at a site; 1
 *   BUGGIFY_ACTIVE       per cent of the sites, chosen by the seed, at which anything happens at all; 100
 *   BUGGIFY_SITES        comma-separated texts: only sites whose name contains one of them; all sites
 *   BUGGIFY_FAULTS       of slow, fail and unknown, comma-separated: only these; all three
 *   BUGGIFY_SLOWEST_MS   how long one slow call in 200 takes; 35000, more than the lease of a key
 *
 * Each fault is a line of the log: the site, the number of the call there, and what happened to it.
 */
#ifndef BASE_BUGGIFY_H
#define BASE_BUGGIFY_H

#include <stdint.h>

/* Declares a function that the linker replaces: __real_name is the library's, __wrap_name is called in its place. */
#define BUGGIFY_WRAPS(name) __typeof__(name) __real_##name, __wrap_##name

enum buggify_fault {
	BUGGIFY_SLOW = 1, /* a pause before or after the call */
	BUGGIFY_FAIL = 2, /* it is not made, and reports an error */
	BUGGIFY_UNKNOWN = 4, /* it is made, and says that its outcome is unknown */
};

struct buggify {
	enum buggify_fault fault; /* 0: none */
	uint64_t draw; /* a random number, for sites that can fail in several ways */
	int64_t before_ms, behind_ms; /* the pauses of BUGGIFY_SLOW */
};

/* Reads the settings, and logs that this is such a build. Called once, before threads start. */
void buggify_start(void);

/* What happens to this call. faults: those that make sense at the site. Sleeps for before_ms. */
struct buggify buggify_begin(const char *site, int faults);
/* Called after the real call: sleeps for behind_ms. */
void buggify_end(const struct buggify *buggify);

#endif
