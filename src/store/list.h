/*
 * Lists: a page of records in an order, its total, and a cursor that continues at constant cost.
 *
 * An order ends in _id, so it is total. A cursor names the list and order it belongs to and the last record
 * shown; the next page seeks to it in the index instead of counting over what was shown.
 */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "http/schema.h"
#include "store/store.h"

/* The query members that every list takes; structs of list queries begin with it. */
struct page_query {
	struct number page, limit;
	const char *after;
};
extern const struct schema page_schema;

#define LIST_LIMIT_DEFAULT 10
#define LIST_LIMIT_MAX 100 /* a larger limit is clamped to it */
#define LIST_LIMIT_UNPAGED 1000 /* for lists that old callers read whole, without limit */

struct list {
	enum collection in;
	const bson_t *filter;
	const char *name; /* binds cursors to this list: what it is, and of whom */
	const char *order_field; /* then _id, in the same direction */
	bool ascending;
	int64_t limit_default; /* 0: LIST_LIMIT_DEFAULT */
	const char *count_key; /* names the total among the kept ones; NULL: name */
	const bson_t *fields; /* projection; NULL: all */
};

struct page {
	int64_t total, pages, current;
	bool approximate; /* the total may be up to 5 s old */
	const char *next; /* NULL at the end */
};

/*
 * Calls row for each record of the page asked for. ERR_INVALID_INPUT when the cursor is not one of this list
 * and order.
 */
enum err list_run(struct db *db, struct arena *arena, const struct list *list,
		  const struct page_query *asked, db_row row, void *context, struct page *page);

/* How many documents match: exact to 10,000, beyond it up to 5 s old. name: of the number among the kept ones. */
enum err list_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		    const char *name, int64_t *count);

#endif
