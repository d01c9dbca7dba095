/*
 * Lists: a page of records in an order, its total, and a cursor that continues at constant cost.
 *
 * An order ends in _id, so it is total. A cursor names the list and order it belongs to and the last record
 * shown; the next page seeks to it in the index instead of counting over what was shown.
 */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "base/optional.h"
#include "store/except.h"
#include "store/store.h"

/* The page that is asked for (read by http/page.h); structs of list queries begin with it. */
struct page_query {
	struct number page, limit;
	const char *after;
};

#define LIST_LIMIT_DEFAULT 10
#define LIST_LIMIT_MAX 100 /* a larger limit is clamped to it */
#define LIST_LIMIT_UNPAGED 1000 /* for lists that old callers read whole, without limit */

/*
 * What a list is, and by what it is narrowed: LIST_NAME(arena, "users", role, text). Parts that differ make names that
 * differ, whatever stands in them; NULL, for what does not narrow it, differs from every text.
 */
const char *list_name(struct arena *arena, const char *const parts[], size_t count);
#define LIST_NAME(arena, ...)                                  \
	list_name(arena, (const char *const[]){ __VA_ARGS__ }, \
		  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

struct list {
	enum collection in;
	const bson_t *filter;
	const char *name; /* binds cursors to this list: list_name() of what it is, and of whom */
	const char *order_field; /* then _id, in the same direction; NULL: createdAt */
	bool ascending;
	int64_t limit_default; /* 0: LIST_LIMIT_DEFAULT */
	/* How the total is counted, as in struct total; NULL: by the filter, and by the index that the server
	 * chooses. */
	const bson_t *many_filter;
	const char *count_index;
	const char *count_key; /* the total's key in the cache; NULL: name */
	const struct list_except *except; /* left out beyond what the filter says; NULL: nothing */
	/* For a list that differs by its caller from one that all share: `whole` is what the shared one shows, and
	 * `less` what of it this one does not. Then the total of the whole is counted, by its key in the cache once for
	 * all, and that of `less` is taken off. NULL: the filter is counted. */
	const bson_t *whole, *less;
	/* As a rule there are few records: a page reads on a little, and where it comes to the end nothing has to be
	 * counted. */
	bool is_short;
};

struct page {
	int64_t total; /* of records */
	int64_t pages; /* of as many records as the limit says, also where fewer fit on a page */
	int64_t current;
	bool approximate; /* the total may be up to 5 s old */
	const char *next; /* NULL at the end */
};

/*
 * Calls row for each record of the page that is asked for. When row returns false, the page ends before that record,
 * and `next` goes on with it; for the first record it must return true. ERR_INVALID_INPUT when the cursor does not
 * belong to this list and order.
 */
enum err list_run(struct db *db, struct arena *arena, const struct list *list,
		  const struct page_query *asked, db_row row, void *context, struct page *page);

/* How many documents match: exact to 10,000, beyond it up to 5 s old. name: the key in the cache. */
enum err list_count(struct db *db, struct arena *arena, enum collection in, const bson_t *filter,
		    const char *name, int64_t *count);

#endif
