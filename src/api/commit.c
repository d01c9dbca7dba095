#include "api/api.h"

#include "http/access.h"

#include <string.h>

struct change {
	struct request *rq;
	change_plan plan;
	change_answer answer;
	void *context;
};

static enum err answer_write(void *context, struct txn *txn)
{
	const struct change *change = context;

	change->answer(change->rq, txn, change->context);
	request_keep(change->rq, txn);
	return OK;
}

static enum err change_build(void *context, struct txn *txn)
{
	struct change *change = context;
	struct request *rq = change->rq;
	enum err err = OK;

	if (rq->again) {
		memset(&rq->detail, 0, sizeof rq->detail);
		err = access_again(rq);
	}
	if (err == OK)
		err = change->plan(rq, txn, change->context);
	rq->again = true;
	txn_then(txn, answer_write, change);
	return err;
}

enum err carry_out_with(struct request *rq, change_plan plan, change_answer answer, void *context)
{
	struct change change = { .rq = rq, .plan = plan, .answer = answer, .context = context };

	rq->again = false;
	enum err err = txn_carry_out(rq->db, rq->arena, change_build, &change, NULL);
	if (err == OK)
		rq->claim = NULL;
	return err;
}

/* ---- without a context ---- */

struct plain {
	plain_plan plan;
	plain_answer answer; /* NULL: the message and the record that was found there */
	const char *message;
	enum collection in; /* COLLECTION_COUNT: none */
};

static enum err plan_plain(struct request *rq, struct txn *txn, void *context)
{
	const struct plain *plain = context;

	return plain->plan(rq, txn);
}

static void answer_plain(struct request *rq, const struct txn *txn, void *context)
{
	const struct plain *plain = context;

	if (plain->answer)
		plain->answer(rq, txn);
	else if (plain->in == COLLECTION_COUNT)
		respond_message(rq, plain->message);
	else if (plain->message)
		respond_about(rq, plain->message, txn_found(txn, plain->in));
	else
		respond_record(rq, txn_found(txn, plain->in));
}

enum err carry_out(struct request *rq, plain_plan plan, plain_answer answer)
{
	struct plain plain = { .plan = plan, .answer = answer };

	return carry_out_with(rq, plan_plain, answer_plain, &plain);
}

enum err carry_out_shown(struct request *rq, plain_plan plan, const char *message,
			 enum collection in)
{
	struct plain plain = { .plan = plan, .message = message, .in = in };

	return carry_out_with(rq, plan_plain, answer_plain, &plain);
}

enum err carry_out_told(struct request *rq, plain_plan plan, const char *message)
{
	return carry_out_shown(rq, plan, message, COLLECTION_COUNT);
}
