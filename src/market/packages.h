/* The price of coins against what a withdrawal pays for them. */
#ifndef MARKET_PACKAGES_H
#define MARKET_PACKAGES_H

#include "base/config.h"

/* "$10" or "$10.50"; in the arena. */
const char *money_text(struct arena *arena, int64_t cents);

/* The rules let a buyer who becomes a worker withdraw some packages for more than they cost: a warning in
 * the log for each. */
void packages_warn(const struct config *config);

#endif
