/* Coin packages: so many coins for so much money, as a setting lists them. */
#ifndef BASE_PACKAGES_H
#define BASE_PACKAGES_H

#include "base/arena.h"

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
 * Reads "10:1,150:10.50" (coins:dollars, at most 2 decimals, no spaces). Returns NULL, or how a
 * sentence about the text goes on after its name.
 */
const char *packages_read(struct arena *arena, const char *text, struct packages *packages);

/* The package of so many coins; NULL when there is none. */
const struct package *packages_find(const struct packages *packages, int64_t coins);

#endif
