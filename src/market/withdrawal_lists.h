/* Which withdrawals are listed to whom, and where the coins of their workers came from. */
#ifndef MARKET_WITHDRAWAL_LISTS_H
#define MARKET_WITHDRAWAL_LISTS_H

#include "market/market.h"
#include "store/list.h"

void withdrawal_list_own(struct call *call, struct list *list);
/* Everybody's pending ones, newest first. */
void withdrawal_list_pending(struct call *call, struct list *list);

#define COIN_BUYERS_MAX 5

/* Where a worker's coins came from, summed over the worker's whole journal. */
struct coin_sources {
	int64_t bonus;
	int64_t earned; /* by approved work, and what the worker had when the journal began */
	struct {
		struct id buyer;
		int64_t coins;
	} buyers[COIN_BUYERS_MAX]; /* who paid most of the rewards, in that order */
	size_t buyer_count;
};

/* The withdrawals of a page; the sources of all their workers' coins are read by one query. */
struct sourced_withdrawals {
	struct sourced_withdrawal {
		struct id worker;
		struct coin_sources sources; /* all 0 until read */
	} list[LIST_LIMIT_MAX];
	size_t count;
};

void sourced_withdrawals_add(struct sourced_withdrawals *withdrawals, const bson_t *withdrawal);
enum err sourced_withdrawals_read(struct call *call, struct sourced_withdrawals *withdrawals);

#endif
