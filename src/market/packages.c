#include "market/packages.h"

#include "base/log.h"
#include "market/withdrawals.h"

const char *money_text(struct arena *arena, int64_t cents)
{
	if (cents % 100 == 0)
		return arena_printf(arena, "$%lld", (long long)(cents / 100));
	return arena_printf(arena, "$%lld.%02lld", (long long)(cents / 100),
			    (long long)(cents % 100));
}

static void list_warn(struct arena *arena, const char *setting, const struct packages *packages)
{
	for (size_t i = 0; i < packages->count; i++) {
		const struct package *package = &packages->list[i];
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

	list_warn(arena, "COIN_PACKAGES", &config->packages);
	list_warn(arena, "COIN_PACKAGES_EXTRA", &config->packages_extra);
	arena_free(arena);
}
