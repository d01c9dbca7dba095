#include "api/api.h"

#include <stdlib.h>
#include <string.h>

/* In the order in which the documents tell of them. */
static const struct routes *const tables[] = {
	&health_routes,	      &auth_routes,	  &google_routes,   &account_routes,
	&task_routes,	      &submission_routes, &review_routes,   &withdrawal_routes,
	&notification_routes, &stream_routes,	  &purchase_routes, &payment_routes,
	&stats_routes,	      &admin_routes,	  &audit_routes,    &public_routes,
};

enum { ROUTES_MAX = 100 };

/* One run of them, in which each request is looked up, and from which the documents are printed. */
struct routes api_routes(void)
{
	static struct route all[ROUTES_MAX];
	struct routes joined = { .rows = all };

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		if (joined.count + tables[i]->count > ROUTES_MAX)
			abort();
		memcpy(&all[joined.count], tables[i]->rows, tables[i]->count * sizeof *all);
		joined.count += tables[i]->count;
	}
	return joined;
}
