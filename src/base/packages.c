#include "base/packages.h"

#include "base/decimal.h"

#include <stdbool.h>
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

static size_t count_parts(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == ',';
	return count;
}

const char *packages_read(struct arena *arena, const char *text, struct packages *packages)
{
	struct package *list = arena_alloc(arena, count_parts(text) * sizeof(*list));

	*packages = (struct packages){ .list = list };
	for (const char *part = text;; part++) {
		size_t length = strcspn(part, ",");
		struct package package;

		if (!package_read(part, length, &package))
			return "must be coins:dollars, as in 10:1,150:9.99, without spaces: coins from 1 "
			       "to 1000000000, dollars from 0.01 to 999999.99.";
		if (packages_find(packages, package.coins))
			return "must not have two packages of the same coins.";
		list[packages->count++] = package;
		part += length;
		if (*part == '\0')
			return NULL;
	}
}

const struct package *packages_find(const struct packages *packages, int64_t coins)
{
	for (size_t i = 0; i < packages->count; i++)
		if (packages->list[i].coins == coins)
			return &packages->list[i];
	return NULL;
}
