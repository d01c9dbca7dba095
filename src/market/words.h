/* Whole-word search: texts as the set of their words. */
#ifndef MARKET_WORDS_H
#define MARKET_WORDS_H

#include "base/arena.h"

#include <bson/bson.h>

/* The distinct words of the texts (runs of letters and digits, lower case), as an array document; a NULL text has
 * none. */
bson_t *words_of(struct arena *arena, const char *first, const char *second);

/* A filter for records whose `words` hold every word of the query, or, where a record lacks that field, whose text
 * fields do; NULL when the query has no word. */
bson_t *words_filter(struct arena *arena, const char *query, const char *const *text_fields,
		     size_t field_count);

#endif
