/*
 * The collections as tables: the name of each, whose personal data its records hold, its indexes, its validator.
 *
 * Removing a user (market/removal.h) goes by these rows, and so do the answers kept for idempotency keys (claim.h) and
 * the page that `microtaskctl personal-data` prints. A row that says nothing of people keeps every program from
 * starting. The id of a user is no personal data: once the user is removed, it tells nobody who that was.
 */
#ifndef STORE_COLLECTIONS_H
#define STORE_COLLECTIONS_H

#include "base/arena.h"
#include "base/id.h"

#include <bson/bson.h>
#include <stddef.h>

enum collection {
	USERS,
	TASKS,
	SUBMISSIONS,
	WITHDRAWALS,
	PAYMENTS,
	NOTIFICATIONS,
	/* The records of those above have the mark of our books (mark.h); adoption knows them. New ones come below. */
	MARKED_COUNT,
	LEDGER = MARKED_COUNT,
	IDEMPOTENCY,
	THROTTLE,
	TICKETS,
	META,
	COLLECTION_COUNT
};

#define MARK "adopted"

#define DELETED_NAME "Deleted user"
#define DELETED_EMAIL(id) "deleted-" id "@invalid"

/* A field with personal data, and what stands in it once the person is removed. */
struct personal_field {
	const char *name;
	enum {
		BECOMES_NAME, /* DELETED_NAME */
		BECOMES_EMAIL, /* DELETED_EMAIL */
		BECOMES_EMPTY,
		STAYS, /* for the books */
	} then;
};

enum { PERSONAL_FIELDS_MAX = 8 };

/* The data of one person in a record. */
struct personal {
	const char *whose; /* the field with their id, or with an array of ids */
	enum {
		RECORD_STAYS, /* with other texts in its fields */
		RECORD_GOES,
		RECORD_IS_ACCOUNT, /* goes as the last of all */
		RECORD_IS_ANSWER, /* stays; its fields show records of any collection, as JSON */
	} record; /* what a removal does with it */
	struct personal_field fields[PERSONAL_FIELDS_MAX + 1]; /* ends with one without a name */
};

struct collection_row {
	const char *name;
	const struct personal *people; /* ends with one without `whose`; NULL: it is not said */
};

extern const struct collection_row collection_rows[COLLECTION_COUNT];

/* One index. Changed keys or options need a new name. */
struct index_row {
	enum collection in;
	const char *name;
	const char *keys; /* "role -coins": by role, within it by coins from the highest */
	const char *options; /* JSON; may be NULL */
};
extern const struct index_row index_rows[];
extern const size_t index_row_count;

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

const char *collection_name(enum collection collection);

/* What is missing in rows of collections, as a sentence in problem; NULL when nothing is. */
const char *collections_check(const struct collection_row rows[COLLECTION_COUNT],
			      char problem[256]);

/* The new values of the personal fields in a record of a removed person, without fields that stay. */
bson_t *personal_forgotten(struct arena *arena, const struct personal *person, const struct id *id);

#endif
