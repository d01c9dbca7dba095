/*
 * The mark: a field of every user, task, submission, withdrawal, payment and notification that is in our books, because
 * this service wrote it or adopted it. A record without the mark came from elsewhere (an older server, a backup): it
 * can be read, and it moves no coins until it is adopted.
 *
 * store/txn.c adds the mark to what transactions insert and asks for it in what they change. An index holds only the
 * records without a mark, so that it costs nothing to see that there are none.
 */
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include "store/store.h"

/* The values of MARK: adopted, or written by this service from the start. */
enum { MARK_ADOPTED = 1, MARK_OURS = 2 };

/* Did a record have the mark when it was read? */
bool is_marked(const bson_t *record);

/* The document with our mark; unchanged if its collection has no marks. */
const bson_t *mark_add(struct arena *arena, enum collection in, const bson_t *doc);
/* The filter for marked records only; unchanged if the collection has no marks. */
const bson_t *mark_ask(struct arena *arena, enum collection in, const bson_t *filter);

/* How many records of each collection have no mark, each counted up to `most`, as a document of the numbers above 0:
 * {users: 3, submissions: 1}. What people are told is counted up to UNMARKED_COUNTED. */
#define UNMARKED_COUNTED 1000
enum err unmarked_count(struct db *db, struct arena *arena, int64_t most, const bson_t **unmarked);

#endif
