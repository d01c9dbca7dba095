/* Coin packages: so many coins for so much money, as the settings COIN_PACKAGES and COIN_PACKAGES_EXTRA list them. */
#ifndef MARKET_PACKAGES_H
#define MARKET_PACKAGES_H

#include "base/arena.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKAGE_COINS_MAX INT64_C(1000000000)
#define PACKAGE_CENTS_MAX INT64_C(99999999) /* the most that a card is charged at once */

struct package {
	int64_t coins, cents; /* both above 0 */
};

/* In the order of the setting; no two have the same coins. */
struct packages {
	const struct package *list;
	size_t count;
};

/*
 * Are both settings right, as in "10:1,150:10.50" (coins:dollars, at most 2 decimals, no spaces)? Otherwise there is a
 * sentence in problem. Programs ask this when they start; the functions below take a setting that was right, or NULL
 * where there is none.
 */
bool packages_check(const struct config *config, char problem[256]);

struct packages packages_read(struct arena *arena, const char *text);
/* The package of so many coins; NULL when there is none. */
const struct package *packages_find(struct arena *arena, const char *text, int64_t coins);
/* The package of so many coins at this price, of either setting: the same coins may have another price in each. NULL
 * when there is none. */
const struct package *packages_find_priced(struct arena *arena, const struct config *config,
					   int64_t coins, int64_t cents);

/* Logs a warning for each package that costs less than its coins bring when they are withdrawn: the rules allow
 * that. */
void packages_warn(const struct config *config);

/* "$10" or "$10.50"; in the arena. */
const char *money_text(struct arena *arena, int64_t cents);

#endif
