/*
 * The mark: a field of every user, task, submission, withdrawal, payment and notification that is in our books,
 * because this service wrote it or adoption made it ours. What bears none came from elsewhere (an older server, a
 * backup): it is read, and moves no coins until it is adopted.
 *
 * store/transaction.c marks what transactions insert and asks for the mark in what they change. An index holds the
 * records that bear none and nothing else, so looking for them costs nothing where there are none.
 */
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include "store/store.h"

#define MARK "adopted"
enum { MARK_ADOPTED = 1, MARK_OURS = 2 };

/* The collections whose records are marked come first. */
#define MARKED_COUNT (NOTIFICATIONS + 1)

/* A filter member, as JSON: that bears no mark. */
#define UNMARKED "\"" MARK "\": null"

/* Does a record, as it was read, bear the mark? */
bool is_marked(const bson_t *record);

/* The document with our mark, or, of other collections, as it is. */
const bson_t *mark_add(struct arena *arena, enum collection in, const bson_t *doc);
/* The filter, for marked records alone, or, of other collections, as it is. */
const bson_t *mark_ask(struct arena *arena, enum collection in, const bson_t *filter);

/* How many records bear no mark, of each collection. What people are told is counted no further than this. */
#define UNMARKED_COUNTED 1000
struct unmarked {
	int64_t of[MARKED_COUNT];
	bool any;
};

/* Counts them, each kind no further than most. */
enum err unmarked_count(struct db *db, struct arena *arena, int64_t most,
			struct unmarked *unmarked);

/* {users: 3, submissions: 1}: those of which there are some. */
bson_t *unmarked_doc(struct arena *arena, const struct unmarked *unmarked);
/* And back. */
struct unmarked unmarked_read(const bson_t *doc);

#endif
