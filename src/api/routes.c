#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#define TABLE(name) &name##_routes,
static const struct routes *const tables[] = { EACH_RESOURCE(TABLE) };

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
