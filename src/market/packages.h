/* The price of coins against what a withdrawal pays for them. */
#ifndef MARKET_PACKAGES_H
#define MARKET_PACKAGES_H

#include "base/config.h"

/* "$10" or "$10.50"; in the arena. */
const char *money_text(struct arena *arena, int64_t cents);

/* Logs a warning for each package that costs less than its coins bring when they are withdrawn: the rules allow
 * that. */
void packages_warn(const struct config *config);

#endif
