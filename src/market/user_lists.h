/* Which users are listed to admins (contract section 9). */
#ifndef MARKET_USER_LISTS_H
#define MARKET_USER_LISTS_H

#include "market/market.h"
#include "store/list.h"

struct user_query {
	struct page_query page;
	const char *role; /* NULL: all */
	const char *text; /* to be found in name or e-mail, as search compares texts; NULL: all */
};

/* Newest first, without users who are being removed. */
void user_list(struct call *call, const struct user_query *query, struct list *list);

#endif
