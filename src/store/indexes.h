/* The indexes and validators of the collections. */
#ifndef STORE_INDEXES_H
#define STORE_INDEXES_H

#include "store/store.h"

#include <stddef.h>

/* One index. Changed keys or options need a new name. */
struct index_row {
	enum collection in;
	const char *name;
	const char *keys; /* "role -coins": by role, within it by coins from the highest */
	const char *options; /* JSON; may be NULL */
};
extern const struct index_row index_rows[];
extern const size_t index_row_count;

/* As createIndexes takes it. */
const bson_t *index_spec(struct arena *arena, const struct index_row *row);
/* Is it needed while data is adopted for the first time? */
bool index_is_early(const struct index_row *row);

/*
 * Is an index, described as the server does, unique and not ours, so that it may refuse what we write?
 */
bool index_refuses(struct arena *arena, enum collection in, const bson_t *index);
/* Does it serve as the index of the row: by its name, or, where any plain index will do, by the same keys? */
bool index_serves(struct arena *arena, const bson_t *index, const struct index_row *row);

/*
 * One validator, as JSON: a query that a document must match when it is inserted, or updated after
 * it matched before (older data that never did goes on as it is).
 */
struct validator_row {
	enum collection in;
	const char *rule;
};
extern const struct validator_row validator_rows[];
extern const size_t validator_row_count;

#endif
