#include "api/api.h"

#include "http/access.h"

#include <string.h>

struct change {
	struct request *rq;
	change_plan plan;
	change_answer answer;
	void *context;
	bool again;
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

	if (change->again) {
		memset(&rq->detail, 0, sizeof rq->detail);
		err = access_again(rq);
	}
	change->again = true;
	if (err == OK)
		err = change->plan(rq, txn, change->context);
	txn_then(txn, answer_write, change);
	return err;
}

enum err carry_out_with(struct request *rq, change_plan plan, change_answer answer, void *context)
{
	struct change change = { .rq = rq, .plan = plan, .answer = answer, .context = context };
	enum err err = txn_carry_out(rq->db, rq->arena, change_build, &change, NULL);

	if (err == OK)
		rq->claim = NULL;
	return err;
}

/* ---- plans without a context ---- */

struct plain {
	enum err (*plan)(struct request *rq, struct txn *txn);
	void (*answer)(struct request *rq, const struct txn *txn);
	const char *message;
	enum collection in;
};

static enum err plain_plan(struct request *rq, struct txn *txn, void *context)
{
	const struct plain *plain = context;

	return plain->plan(rq, txn);
}

static void own_answer(struct request *rq, const struct txn *txn, void *context)
{
	const struct plain *plain = context;

	plain->answer(rq, txn);
}

enum err carry_out(struct request *rq, enum err (*plan)(struct request *rq, struct txn *txn),
		   void (*answer)(struct request *rq, const struct txn *txn))
{
	struct plain plain = { .plan = plan, .answer = answer };

	return carry_out_with(rq, plain_plan, own_answer, &plain);
}

static void record_answer(struct request *rq, const struct txn *txn, void *context)
{
	const struct plain *plain = context;
	const bson_t *record = txn_found(txn, plain->in);

	if (plain->message)
		respond_about(rq, plain->message, record);
	else
		respond_record(rq, record);
}

enum err carry_out_shown(struct request *rq, enum err (*plan)(struct request *rq, struct txn *txn),
			 const char *message, enum collection in)
{
	struct plain plain = { .plan = plan, .message = message, .in = in };

	return carry_out_with(rq, plain_plan, record_answer, &plain);
}

static void message_answer(struct request *rq, const struct txn *txn, void *context)
{
	const struct plain *plain = context;

	(void)txn;
	respond_message(rq, plain->message);
}

enum err carry_out_told(struct request *rq, enum err (*plan)(struct request *rq, struct txn *txn),
			const char *message)
{
	struct plain plain = { .plan = plan, .message = message };

	return carry_out_with(rq, plain_plan, message_answer, &plain);
}
