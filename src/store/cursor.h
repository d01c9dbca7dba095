/*
 * Cursors: the place where a page of a list ended, as an opaque text. The next page is found by a seek in an index, so
 * that it costs the same at any depth.
 */
#ifndef STORE_CURSOR_H
#define STORE_CURSOR_H

#include "store/store.h"

/* Which list it is, and how its records follow each other. */
struct list_order {
	const char *list; /* list_name() of what it is, and of whom; binds cursors to the list */
	const char *field; /* then _id, in the same direction */
	bool ascending;
};

/* The cursor of the place after a record of the list. Lives as long as the arena. */
const char *cursor_write(struct arena *arena, const struct list_order *order, const bson_t *last);

/* The filter of a list narrowed to the records after the cursor; NULL when the text is no cursor of this list and
 * order. */
const bson_t *cursor_filter(struct arena *arena, const struct list_order *order,
			    const bson_t *filter, const char *text);

#endif
