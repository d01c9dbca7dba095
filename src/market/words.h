/* Whole-word search: texts as the set of their words, in any case and however their characters are put together. */
#ifndef MARKET_WORDS_H
#define MARKET_WORDS_H

#include "base/arena.h"

#include <bson/bson.h>
#include <stdbool.h>

/* Of the rules by which `words` of tasks and `searched` of users are made; grows with each change of them. Records
 * carry it as search_version, and init-db makes anew what an older version made. */
#define SEARCH_VERSION 2

/* The distinct words of the texts (runs of letters and digits with the marks on them, as unicode_fold_text() has
 * them), as an array document; a NULL text has none. */
bson_t *words_of(struct arena *arena, const char *first, const char *second);

/* Is there any in the text? */
bool words_any(struct arena *arena, const char *text);

/* Appends the fields by which a record of these texts is found: `words`, and the version of their rules. Of texts
 * longer than ours may be only the beginning is looked at. */
void words_set(struct arena *arena, bson_t *set, const char *first, const char *second);

/* A filter for records whose `words` hold every word of the query, or, where a record lacks that field, whose text
 * fields do. Without a word in the query it finds nothing. */
bson_t *words_filter(struct arena *arena, const char *query, const char *const *text_fields,
		     size_t field_count);

#endif
