/* What a call changes, and the claim of its idempotency key, which ends with that. */
#include "api/api.h"

#include "auth/caller.h"
#include "store/claim.h"
#include "store/doc.h"

#include <string.h>

/* ---- changes ---- */

struct change {
	struct request *rq;
	change_plan plan;
	change_answer answer;
	void *context;
	bool again;
};

static void claim_keep(struct request *rq, struct txn *txn)
{
	json_finish(&rq->json);
	claim_complete(txn, rq->claim, rq->status, rq->out.bytes, rq->out.length, rq->now);
}

static enum err answer_write(void *context, struct txn *txn)
{
	const struct change *change = context;
	struct request *rq = change->rq;

	change->answer(rq, txn, change->context);
	if (rq->claim)
		claim_keep(rq, txn);
	return OK;
}

static enum err caller_again(struct request *rq)
{
	struct thread *thread = rq->thread;
	const bson_t *user;
	enum err err = rq->caller.known ?
			       db_find_id(thread->db, rq->arena, USERS, &rq->caller.id, &user) :
			       OK;

	if (err != OK || !rq->caller.known)
		return err;
	if (!user || doc_bool(user, "closing", false))
		return ERR_UNAUTHORIZED;
	caller_from(user, &rq->caller);
	return route_admits(rq->route, rq->caller.role) ? OK : ERR_FORBIDDEN;
}

static enum err change_plan_all(void *context, struct txn *txn)
{
	struct change *change = context;
	struct request *rq = change->rq;
	enum err err = OK;

	if (change->again) {
		memset(&rq->detail, 0, sizeof rq->detail);
		err = caller_again(rq);
	}
	change->again = true;
	if (err == OK)
		err = change->plan(rq, txn, change->context);
	txn_then(txn, answer_write, change);
	return err;
}

enum err carry_out_with(struct request *rq, change_plan plan, change_answer answer, void *context)
{
	struct thread *thread = rq->thread;
	struct change change = { .rq = rq, .plan = plan, .answer = answer, .context = context };
	enum err err = txn_carry_out(thread->db, rq->arena, change_plan_all, &change, NULL);

	if (err == OK)
		rq->claim = NULL;
	return err;
}

struct plain {
	enum err (*plan)(struct request *rq, struct txn *txn);
	void (*answer)(struct request *rq, const struct txn *txn);
};

static enum err plain_plan(struct request *rq, struct txn *txn, void *context)
{
	const struct plain *plain = context;

	return plain->plan(rq, txn);
}

static void plain_answer(struct request *rq, const struct txn *txn, void *context)
{
	const struct plain *plain = context;

	plain->answer(rq, txn);
}

enum err carry_out(struct request *rq, enum err (*plan)(struct request *rq, struct txn *txn),
		   void (*answer)(struct request *rq, const struct txn *txn))
{
	struct plain plain = { plan, answer };

	return carry_out_with(rq, plain_plan, plain_answer, &plain);
}

/* ---- claims ---- */

/* The call's path as the table has it, with its ids: however an id was written, it is the same call. */
static const char *path_of(const struct request *rq)
{
	const char *path = rq->route->path;

	for (size_t i = 0; i < REQUEST_IDS_MAX && rq->id_texts[i]; i++)
		path = arena_printf(rq->arena, "%s %s", path, id_text(rq->arena, &rq->ids[i]));
	return path;
}

static struct claim_request claim_request_of(const struct request *rq)
{
	return (struct claim_request){
		.user = rq->caller.id,
		.method = rq->method,
		.path = path_of(rq),
		.key = rq->idempotency_key,
		.request_id = rq->request_id,
		.body = rq->body,
		.body_length = rq->body_length,
		.now = rq->now,
	};
}

static void replay(struct request *rq, const struct kept_answer *kept)
{
	if (!kept->kept)
		return;
	rq->replayed = true;
	rq->status = kept->status;
	buffer_reset(&rq->out);
	buffer_put(&rq->out, kept->body, kept->length);
}

enum err recall_request(struct request *rq, bool own)
{
	struct thread *thread = rq->thread;
	struct claim_request request = claim_request_of(rq);
	struct kept_answer kept;
	enum err err = claim_recall(thread->db, rq->arena, &request, own, &kept);

	if (err == OK)
		replay(rq, &kept);
	return err;
}

enum err claim_request(struct request *rq)
{
	struct thread *thread = rq->thread;
	struct claim *claim = arena_alloc(rq->arena, sizeof *claim);
	struct claim_request request = claim_request_of(rq);
	struct kept_answer kept;
	enum err err = claim_take(thread->db, rq->arena, &request, claim, &kept);

	if (err != OK)
		return err;
	replay(rq, &kept);
	if (kept.kept)
		return OK;
	rq->claim = claim;
	rq->noted = kept.results;
	return OK;
}

void release_request(struct request *rq)
{
	struct thread *thread = rq->thread;

	claim_release(thread->db, rq->arena, rq->claim);
}

/* The id of the next noted part; false at the end. */
static bool noted_next(bson_iter_t *at, struct id *id)
{
	const uint8_t *bytes;
	uint32_t length;
	bson_t doc;

	while (bson_iter_next(at)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(at))
			continue;
		bson_iter_document(at, &length, &bytes);
		if (bson_init_static(&doc, bytes, length) && doc_id(&doc, "_id", id))
			return true;
	}
	return false;
}

bool request_noted(const struct request *rq, const struct id *id)
{
	bson_iter_t at;
	struct id noted;

	if (!rq->noted || !bson_iter_init(&at, rq->noted))
		return false;
	while (noted_next(&at, &noted))
		if (id_equal(&noted, id))
			return true;
	return false;
}

bool request_noted_last(const struct request *rq, struct id *id)
{
	bson_iter_t at;
	bool any = false;

	if (!rq->noted || !bson_iter_init(&at, rq->noted))
		return false;
	while (noted_next(&at, id))
		any = true;
	return any;
}

void request_note(struct request *rq, const struct id *id, struct txn *txn)
{
	if (rq->claim)
		claim_note(txn, rq->claim, DOC(rq->arena, ID("_id", id)));
}

void request_undone(struct request *rq)
{
	struct claim *claim = rq->claim;

	if (claim)
		claim->noted = false;
}

enum err complete_request(struct request *rq)
{
	struct thread *thread = rq->thread;
	struct txn txn;

	txn_start(&txn, rq->arena);
	claim_keep(rq, &txn);
	enum err err = txn_commit(thread->db, &txn);
	if (err == OK)
		rq->claim = NULL;
	return err;
}
