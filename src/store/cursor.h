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

/* The text of a journal row's _id is always longer than the bytes of an ObjectId, and never this long. */
enum { CURSOR_ID_MAX = 200 };

/* As it is written, but for its last member. */
struct cursor {
	uint8_t version, type;
	uint8_t tag[8]; /* of the list and its order */
	uint8_t value[8];
	char id[CURSOR_ID_MAX]; /* the bytes of an ObjectId, or the text of a journal row's _id */
	size_t id_length; /* not written: what follows the rest is the id */
};

/* Sets a cursor to the place after a record. This is done for each record, as any may be the last of its page. */
void cursor_set(struct cursor *cursor, const struct list_order *order, const bson_t *record);
/* The text of a cursor that was set. Lives as long as the arena. */
const char *cursor_write(struct arena *arena, const struct list_order *order,
			 struct cursor *cursor);

/* The filter of a list narrowed to the records after the cursor; NULL when the text is no cursor of this list and
 * order. */
const bson_t *cursor_filter(struct arena *arena, const struct list_order *order,
			    const bson_t *filter, const char *text);

#endif
