/*
 * Cursors: the place where a page of a list ended, as an opaque text. The next page is found by a seek in an index, so
 * that it costs the same at any depth.
 */
#ifndef STORE_CURSOR_H
#define STORE_CURSOR_H

#include "store/list.h"

/* The cursor of the place after a record of the list. Lives as long as the arena. */
const char *cursor_write(struct arena *arena, const struct list *list, const bson_t *last);

/* A filter for the records of the list after the cursor; NULL when the text is no cursor of this list and order. */
const bson_t *cursor_filter(struct arena *arena, const struct list *list, const char *text);

#endif
