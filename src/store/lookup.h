/*
 * Records by their ids: threads that want some of one collection at the same moment read them with one command
 * (gather.h). db_find_id() is the way to them.
 */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "store/gather.h"
#include "store/store.h"

#include <stddef.h>

/* Of one collection; its members are lookups. */
struct gather *lookups_new(void);

/* What one thread wants, and what came of it. */
struct lookup {
	struct db *db;
	struct arena *arena; /* for what is found */
	enum collection in;
	struct id id;
	const bson_t *found; /* NULL: there is no such record */
	enum err err;
};

/* The ids of some lookups as an array, each once. */
bson_t *lookup_ids(struct arena *arena, struct lookup *const *lookups, size_t count);

/* Gives each lookup its record out of the documents that came, which are an array. *largest is the size of the largest
 * document. */
void lookup_hand_out(const bson_t *docs, struct lookup *const *lookups, size_t count,
		     uint32_t *largest);

#endif
