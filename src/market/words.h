/* Search for whole words: a text as the set of its words. Upper and lower case are the same, and so are different
 * encodings of the same character. */
#ifndef MARKET_WORDS_H
#define MARKET_WORDS_H

#include "base/arena.h"

#include <bson/bson.h>
#include <stdbool.h>

/* The version of the rules by which `words` of tasks and `searched` of users are made; to be raised when they change.
 * Records keep it as search_version, and init-db makes older fields anew. */
#define SEARCH_VERSION 2

/* The distinct words of two texts, as an array document. A word is a run of letters and digits with their marks, after
 * unicode_fold_text(). A text that is NULL has none. */
bson_t *words_of(struct arena *arena, const char *first, const char *second);

/* Has the text any word? */
bool words_any(struct arena *arena, const char *text);

/* Appends the fields by which search finds a record of these texts: `words` and search_version. Only the beginning
 * counts of texts that are longer than inputs may be. */
void words_set(struct arena *arena, bson_t *set, const char *first, const char *second);

/* A filter for records that have every word of the query in `words`; or, where a record lacks that field, in the text
 * fields. A query without a word finds nothing. */
bson_t *words_filter(struct arena *arena, const char *query, const char *const *text_fields,
		     size_t field_count);

#endif
