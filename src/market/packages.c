#include "market/packages.h"

#include "base/count.h"
#include "base/decimal.h"
#include "base/log.h"
#include "market/withdrawals.h"

#include <stdio.h>
#include <string.h>

/* A number of the setting in units of 10^-decimals, 1 to max. */
static bool amount_read(const char *text, size_t length, unsigned decimals, int64_t max,
			int64_t *amount)
{
	return decimal_plain(text, length) &&
	       decimal_read(text, length, decimals, amount) == DECIMAL_OK && *amount >= 1 &&
	       *amount <= max;
}

static bool package_read(const char *text, size_t length, struct package *package)
{
	size_t coins = strspn(text, "0123456789");

	return coins < length && text[coins] == ':' &&
	       amount_read(text, coins, 0, PACKAGE_COINS_MAX, &package->coins) &&
	       amount_read(text + coins + 1, length - coins - 1, 2, PACKAGE_CENTS_MAX,
			   &package->cents);
}

static const struct package *package_find(const struct packages *packages, int64_t coins)
{
	for (size_t i = 0; i < packages->count; i++)
		if (packages->list[i].coins == coins)
			return &packages->list[i];
	return NULL;
}

static size_t count_parts(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == ',';
	return count;
}

/* NULL, or how a sentence about the text goes on after the setting's name. */
static const char *list_read(struct arena *arena, const char *text, struct packages *packages)
{
	struct package *list = arena_alloc(arena, count_parts(text) * sizeof(*list));

	*packages = (struct packages){ .list = list };
	for (const char *part = text;; part++) {
		size_t length = strcspn(part, ",");
		struct package package;

		if (!package_read(part, length, &package))
			return "must be coins:dollars, as in 10:1,150:9.99, without spaces: coins from 1 "
			       "to 1000000000, dollars from 0.01 to 999999.99.";
		if (package_find(packages, package.coins))
			return "must not have two packages of the same coins.";
		list[packages->count++] = package;
		part += length;
		if (*part == '\0')
			return NULL;
	}
}

struct packages packages_read(struct arena *arena, const char *text)
{
	struct packages packages = { 0 };

	if (text)
		(void)list_read(arena, text, &packages);
	return packages;
}

const struct package *packages_find(struct arena *arena, const char *text, int64_t coins)
{
	struct packages packages = packages_read(arena, text);

	return package_find(&packages, coins);
}

const struct package *packages_find_priced(struct arena *arena, const struct config *config,
					   int64_t coins, int64_t cents)
{
	const char *const settings[] = { config->packages, config->packages_extra };

	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		const struct package *package = packages_find(arena, settings[i], coins);

		if (package && package->cents == cents)
			return package;
	}
	return NULL;
}

static bool setting_check(struct arena *arena, const char *name, const char *text,
			  char problem[256])
{
	struct packages packages;
	const char *wrong = text ? list_read(arena, text, &packages) : NULL;

	if (wrong)
		snprintf(problem, 256, "%s %s", name, wrong);
	return !wrong;
}

bool packages_check(const struct config *config, char problem[256])
{
	struct arena *arena = arena_new();
	bool right = setting_check(arena, "COIN_PACKAGES", config->packages, problem) &&
		     setting_check(arena, "COIN_PACKAGES_EXTRA", config->packages_extra, problem);

	arena_free(arena);
	return right;
}

const char *money_text(struct arena *arena, int64_t cents)
{
	if (cents % 100 == 0)
		return arena_printf(arena, "$%lld", (long long)(cents / 100));
	return arena_printf(arena, "$%lld.%02lld", (long long)(cents / 100),
			    (long long)(cents % 100));
}

static void list_warn(struct arena *arena, const char *setting, const char *text)
{
	struct packages packages = packages_read(arena, text);

	for (size_t i = 0; i < packages.count; i++) {
		const struct package *package = &packages.list[i];
		int64_t worth = package->coins * 100 / WITHDRAWAL_COINS_A_DOLLAR;

		if (worth > package->cents)
			log_line(LOG_WARN, NULL,
				 "%s: %lld coins cost %s and can be withdrawn as %s", setting,
				 (long long)package->coins, money_text(arena, package->cents),
				 money_text(arena, worth));
	}
}

void packages_warn(const struct config *config)
{
	struct arena *arena = arena_new();

	list_warn(arena, "COIN_PACKAGES", config->packages);
	list_warn(arena, "COIN_PACKAGES_EXTRA", config->packages_extra);
	arena_free(arena);
}
