/* Idempotency keys of requests: store/claim.h keeps them. */
#ifndef HTTP_IDEMPOTENCY_H
#define HTTP_IDEMPOTENCY_H

#include "http/request.h"
#include "store/txn.h"

/* The first three do nothing for a request without a key, or whose row honours none. */

/* Adds a fault if the key is malformed. */
void request_check_key(struct request *rq);

/* Claims the key. OK: either rq->claim is set, and the call goes on; or rq->replayed is set, and rq has the answer that
 * was kept. ERR_KEY_REUSED, ERR_IN_PROGRESS, ERR_UNAVAILABLE. */
enum err request_claim(struct request *rq);

/*
 * Looks for a kept answer to a request that is going to be refused, and claims nothing. Without own it is refused for
 * its input, which may have been right when the key was first used. With own it is refused for its caller, known by
 * rq->caller.id at least; then only an answer counts that this very request got when nginx sent it before. OK without
 * rq->replayed: there is no such answer.
 */
enum err request_recall(struct request *rq, bool own);

/* Gives the claim back, because nothing happened. */
void request_release(struct request *rq);

/* Adds the step to a transaction that keeps the answer, as it is in rq, for the key, if there is one. */
void request_keep(struct request *rq, struct txn *txn);

/* Keeps the answer, as it is in rq, for the key, if there is one and no transaction has done so. */
enum err request_complete(struct request *rq);

/*
 * For a call that takes several transactions under one idempotency key. The key keeps the ids of the records whose part
 * is done, so that a repeat after a crash, or after an answer that left the outcome open, goes on from there.
 */

/* Adds a step to the part's transaction that notes its record with the key, if there is a key. */
void request_note(struct request *rq, const struct id *id, struct txn *txn);
/* Was the part of this record done before? Which part was done last? */
bool request_noted(const struct request *rq, const struct id *id);
bool request_noted_last(const struct request *rq, struct id *id);
/* The parts that were done came to nothing. So if the call fails now, its key is given back, as for any other call. */
void request_undone(struct request *rq);
#endif
