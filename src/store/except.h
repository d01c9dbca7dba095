/*
 * What a list leaves out: the records that documents of another collection refer to, such as the tasks that a worker
 * has submitted to. A list says so here when those may be many: then each batch of records is looked up among them, so
 * that the cost of a page depends on what it shows, and not on all that has been left out over the years.
 */
#ifndef STORE_EXCEPT_H
#define STORE_EXCEPT_H

#include "store/store.h"

struct list_except {
	enum collection in; /* the other collection */
	const bson_t *filter; /* which of its documents count */
	const char *field; /* their field that has the _id of a record to leave out */
	const char *name; /* of how many are left out, in the cache of totals */
};

/* db_each() over the records that are not left out. The options hold no skip; a limit counts those left out, too. */
enum err except_each(struct db *db, enum collection in, const bson_t *filter, const bson_t *options,
		     const struct list_except *except, db_row row, void *context);

/* How many are left out, as a pipeline over except->in that ends in {n}: it looks at all that the filter there
 * finds. */
bson_t *except_pipeline(struct arena *arena, enum collection in, const bson_t *filter,
			const struct list_except *except);

#endif
