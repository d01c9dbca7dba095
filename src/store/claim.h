/*
 * Idempotency keys: a request that carries one happens once, however often it is sent.
 *
 * A key is claimed before the work, with a lease. The transaction that does the work completes the
 * claim with the answer, so a crash leaves either both or nothing. When a claimant has died, another
 * request may take the claim over once the lease is over; a process of the same host sees the death
 * and need not wait. If the claimant was alive after all, its transaction fails, because the claim
 * that it would complete is not its own any more.
 */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include "store/claim_held.h"
#include "store/txn.h"

#define CLAIM_KEPT_MS (24 * 3600 * INT64_C(1000))

/* Whose key it is, and for what. */
struct claim_request {
	struct id user;
	const char *method, *path, *key;
	const char *request_id; /* the same when a gateway sends the request again */
	const char *body; /* NULL when empty */
	size_t body_length;
	int64_t now;
};

/* What a key held already. Everything lives as long as the arena. */
struct kept_answer {
	bool kept; /* the work is done, and this was its answer */
	int status;
	const char *body;
	size_t length;
	const bson_t *results; /* what a dead claimant noted, as an array document; NULL: nothing */
};

/*
 * Claims a key. OK: claim is ours, or answer->kept. ERR_KEY_REUSED: it stands for another body.
 * ERR_IN_PROGRESS: somebody else is at it. ERR_UNAVAILABLE, ERR_INTERNAL: the key is given back.
 */
enum err claim_take(struct db *db, struct arena *arena, const struct claim_request *request,
		    struct claim *claim, struct kept_answer *answer);

/*
 * Looks whether a key holds an answer for this very body, and claims nothing. With own, only an answer counts that this
 * very request (its request_id) got when it was sent before. OK: answer->kept tells. ERR_IN_PROGRESS: the same request
 * is being worked on. ERR_UNAVAILABLE, ERR_INTERNAL.
 */
enum err claim_recall(struct db *db, struct arena *arena, const struct claim_request *request,
		      bool own, struct kept_answer *answer);

/*
 * Adds the step that completes the claim with an answer, kept for CLAIM_KEPT_MS at least, beside
 * the ids of those whom the transaction's records name (`people`). The transaction fails with ERR_IN_PROGRESS
 * when the claim has become another's. The body is copied.
 */
void claim_complete(struct txn *txn, const struct claim *claim, int status, const char *body,
		    size_t length);

/*
 * Adds the step that notes the result of one part of a call whose parts are transactions of their own, so
 * that whoever takes over a dead claim does not do that part again. Fails as claim_complete() does.
 */
void claim_note(struct txn *txn, struct claim *claim, const bson_t *result);

/*
 * Gives the key back, as nothing happened; or, when something was noted, lets the next one with the same body take it
 * over at once. Where that cannot be done just now, a thread goes on trying (releases.h) until the lease ends by
 * itself.
 */
void claim_release(struct db *db, struct arena *arena, const struct claim *claim);

#endif
