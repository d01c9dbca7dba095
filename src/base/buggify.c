#include "base/buggify.h"

#include "base/clock.h"
#include "base/comma.h"
#include "base/count.h"
#include "base/encoding.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTERS = 1024, LOOK_MS = 100 };

static struct {
	uint64_t seed;
	char chance_file[PATH_MAX]; /* empty: the chance stays as it is */
	const char *sites;
	int faults;
	uint64_t active;
	int64_t slowest_ms;
} settings;

static _Atomic int64_t chance, chance_read_at;
static atomic_uint counters[COUNTERS]; /* times at a site; two sites may share one */

static uint64_t mixed(uint64_t number)
{
	number += UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

/* ---- settings ---- */

static int64_t number_of(const char *name, int64_t on_miss)
{
	const char *text = getenv(name);

	return text && *text ? strtoll(text, NULL, 10) : on_miss;
}

static int faults_of(const char *text)
{
	if (!text || !*text)
		return BUGGIFY_SLOW | BUGGIFY_FAIL | BUGGIFY_UNKNOWN;
	return (strstr(text, "slow") ? BUGGIFY_SLOW : 0) |
	       (strstr(text, "fail") ? BUGGIFY_FAIL : 0) |
	       (strstr(text, "unknown") ? BUGGIFY_UNKNOWN : 0);
}

static void chance_read(void)
{
	FILE *file = fopen(settings.chance_file, "r");
	int said = 0;

	if (file && fscanf(file, "%d", &said) != 1)
		said = 0;
	if (file)
		fclose(file);
	chance = said;
}

static int64_t chance_now(void)
{
	int64_t now = clock_steady();

	if (*settings.chance_file && now - chance_read_at >= LOOK_MS) {
		chance_read_at = now;
		chance_read();
	}
	return chance;
}

static void chance_start(const char *fixed, const char *folder)
{
	bool from_file = !(fixed && *fixed) && folder && *folder;

	*settings.chance_file = '\0';
	if (from_file)
		snprintf(settings.chance_file, sizeof settings.chance_file, "%s/buggify", folder);
	chance = number_of("BUGGIFY_CHANCE", 0);
	chance_read_at = -LOOK_MS;
}

void buggify_start(void)
{
	const char *program = program_invocation_short_name;

	settings.seed = mixed((uint64_t)number_of("BUGGIFY_SEED", 1)) ^
			hash_bytes((const uint8_t *)program, strlen(program));
	settings.sites = getenv("BUGGIFY_SITES");
	settings.faults = faults_of(getenv("BUGGIFY_FAULTS"));
	settings.active = (uint64_t)number_of("BUGGIFY_ACTIVE", 100);
	settings.slowest_ms = number_of("BUGGIFY_SLOWEST_MS", 35000);
	chance_start(getenv("BUGGIFY_CHANCE"), getenv("MICROTASK_RUN_DIR"));
	memset(counters, 0, sizeof counters);
	log_line(
		LOG_WARN, NULL,
		"This is a buggify build: for tests alone, it fails on purpose. Seed %lld, %lld per mille.",
		(long long)number_of("BUGGIFY_SEED", 1), (long long)chance_now());
}

/* ---- what happens ---- */

static bool is_named(const char *site)
{
	const char *sites = settings.sites, *word;
	size_t length;

	if (!sites || !*sites)
		return true;
	while ((word = comma_next(&sites, &length)))
		if (length && memmem(site, strlen(site), word, length))
			return true;
	return false;
}

static enum buggify_fault fault_of(int faults, uint64_t draw)
{
	static const enum buggify_fault all[] = { BUGGIFY_SLOW, BUGGIFY_FAIL, BUGGIFY_UNKNOWN };

	/* from a place of the list on, the first that is wanted */
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (faults & (int)all[(draw + i) % COUNT_OF(all)])
			return all[(draw + i) % COUNT_OF(all)];
	return 0;
}

/* Mostly what lets others pass; at times what runs into time limits; seldom what outlasts a lease. */
static int64_t pause_of(uint64_t draw)
{
	uint64_t kind = draw % 200;

	draw = mixed(draw);
	if (kind == 0)
		return settings.slowest_ms;
	return 1 + (int64_t)(kind < 20 ? draw % 1500 : draw % 20);
}

static void pause_set(struct buggify *buggify)
{
	int64_t ms = pause_of(mixed(buggify->draw));

	if (ms > settings.slowest_ms)
		ms = settings.slowest_ms;
	*(buggify->draw & 1 ? &buggify->before_ms : &buggify->behind_ms) = ms;
}

static void tell(const char *site, unsigned time, const struct buggify *buggify)
{
	if (buggify->fault == BUGGIFY_SLOW)
		log_line(LOG_INFO, NULL, "buggify: %s, %u: slow, %lld ms %s it", site, time,
			 (long long)(buggify->before_ms + buggify->behind_ms),
			 buggify->before_ms ? "before" : "behind");
	else
		log_line(LOG_INFO, NULL, "buggify: %s, %u: %s", site, time,
			 buggify->fault == BUGGIFY_FAIL ? "fails" : "is done, and nobody hears");
}

struct buggify buggify_begin(const char *site, int faults)
{
	uint64_t place = settings.seed ^ hash_bytes((const uint8_t *)site, strlen(site));
	unsigned time = ++counters[place % COUNTERS];
	uint64_t draw = mixed(place ^ mixed(time));
	struct buggify buggify = { .draw = mixed(draw) };

	if ((int64_t)(draw % 1000) >= chance_now() || mixed(place) % 100 >= settings.active ||
	    !is_named(site))
		return buggify;
	buggify.fault = fault_of(faults & settings.faults, mixed(buggify.draw));
	if (buggify.fault == BUGGIFY_SLOW)
		pause_set(&buggify);
	if (buggify.fault)
		tell(site, time, &buggify);
	if (buggify.before_ms)
		clock_sleep(buggify.before_ms);
	return buggify;
}

void buggify_end(const struct buggify *buggify)
{
	if (buggify->behind_ms)
		clock_sleep(buggify->behind_ms);
}
