/* Claims of keys that are made at the same moment, as one command (gather.h). */
#ifndef STORE_CLAIM_INSERT_H
#define STORE_CLAIM_INSERT_H

#include "store/store.h"

struct gather;

/* Those of a store; its owner's to gather_free(). */
struct gather *claim_inserts_new(void);

/* The record of one key, and what came of it. */
struct claim_insert {
	struct db *db;
	struct arena *arena;
	const bson_t *record;
	bool ours; /* false: the key is taken */
	enum err err; /* ERR_UNAVAILABLE, ERR_INTERNAL: the record may stand all the same */
};

/* OK: *ours tells whether the record was added; it was not when its key is taken. After an error it may have been. */
enum err claim_insert(struct db *db, struct arena *arena, const bson_t *record, bool *ours);

/* What the reply to the insert of some records says of each. */
void claim_inserts_judge(const bson_t *reply, struct claim_insert *const *inserts, size_t count);

#endif
