/* Changing rows: build the transaction, commit it, answer inside the transaction, so that an idempotency key keeps the
 * very text that was sent. */
#include "api/api.h"

#include "http/access.h"

#include <string.h>

static enum err answer_write(void *context, struct txn *txn)
{
	struct request *rq = context;

	rq->route->answer(rq, txn);
	request_keep(rq, txn);
	return OK;
}

struct change {
	struct request *rq;
	bool again;
};

static enum err change_build(void *context, struct txn *txn)
{
	struct change *change = context;
	struct request *rq = change->rq;
	enum err err = OK;

	if (change->again) {
		memset(&rq->detail, 0, sizeof rq->detail);
		err = access_again(rq);
	}
	change->again = true;
	if (err == OK)
		err = rq->route->change(rq, txn);
	txn_then(txn, answer_write, rq);
	return err;
}

enum err commit_request(struct request *rq)
{
	const struct route *route = rq->route;
	const struct txn *done;
	enum err err = route->before ? route->before(rq) : OK;

	if (err == OK)
		err = txn_carry_out(rq->db, rq->arena, change_build, &(struct change){ .rq = rq },
				    &done);
	if (err == OK && route->after)
		route->after(rq, done);
	return err;
}
