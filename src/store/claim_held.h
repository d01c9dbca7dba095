/* A key that is claimed (store/claim.h), and giving it back. */
#ifndef STORE_CLAIM_HELD_H
#define STORE_CLAIM_HELD_H

#include "base/digest.h"
#include "store/doc.h"
#include "store/store.h"

#define CLAIM_LEASE_MS INT64_C(30000)

/* A key that is ours for now. */
struct claim {
	uint8_t key[32]; /* SHA-256 of user, method, path and key */
	struct id token; /* of this claimant alone */
	bool noted; /* a part of the call was noted, by us or by a claimant before us */
};

/* The filter for its record while it is this claimant's. */
bson_t *claim_held(struct arena *arena, const struct claim *claim);
/* A SHA-256 as a BCON value. */
#define BCON_HASH(bytes) BCON_BIN(BSON_SUBTYPE_BINARY, bytes, DIGEST_SIZE)

/* One try of claim_release(); OK also when the claim is another's by now, or done. */
enum err claim_give_back(struct db *db, struct arena *arena, const struct claim *claim);

#endif
