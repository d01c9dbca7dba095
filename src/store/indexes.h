/* What the index rows of the collections ask of a database (collections.h). */
#ifndef STORE_INDEXES_H
#define STORE_INDEXES_H

#include "store/store.h"

/* As createIndexes takes it. */
const bson_t *index_spec(struct arena *arena, const struct index_row *row);
/* Is it needed while data is adopted for the first time? */
bool index_is_early(const struct index_row *row);

/*
 * Is an index, described as the server does, unique and not ours, so that it may refuse what we write?
 */
bool index_refuses(struct arena *arena, enum collection in, const bson_t *index);
/* Is it one that an earlier version of this program made, and that nothing is read by any more? */
bool index_is_superseded(struct arena *arena, enum collection in, const bson_t *index);
/* Does it serve as the index of the row: by its name, or, where any plain index will do, by the same keys? */
bool index_serves(struct arena *arena, const bson_t *index, const struct index_row *row);

#endif
