#include "store/claim_held.h"

bson_t *claim_held(struct arena *arena, const struct claim *claim)
{
	return DOC(arena, PAIR("_id", BCON_HASH(claim->key)), ID("token", &claim->token),
		   TEXT("state", "claimed"));
}

enum err claim_give_back(struct db *db, struct arena *arena, const struct claim *claim)
{
	bson_t *held = claim_held(arena, claim);
	const bson_t *reply;

	if (!claim->noted)
		return db_remove(db, arena, IDEMPOTENCY, held, true);
	return db_write(db, arena,
			DOC(arena, TEXT("update", collection_name(IDEMPOTENCY)),
			    LIST("updates", ITEM(PART("q", held),
						 SUB("u", SUB("$set", DATE("lease_until", 0)))))),
			&reply);
}
