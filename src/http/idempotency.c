#include "http/idempotency.h"

#include "http/route.h"
#include "store/claim.h"
#include "store/doc.h"

#define KEY_MAX 255

static bool has_key(const struct request *rq)
{
	return rq->idempotency_key && rq->route->flags & IDEMPOTENT;
}

void request_check_key(struct request *rq)
{
	const char *key = rq->idempotency_key;
	size_t length = 0;

	if (!has_key(rq))
		return;
	while (key[length] >= 0x20 && key[length] <= 0x7E)
		length++;
	if (length == 0 || length > KEY_MAX || key[length] != '\0')
		fault_add(&rq->faults, "Idempotency-Key", ERR_INVALID_INPUT,
			  "Idempotency-Key must be 1 to 255 printable ASCII characters.");
}

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

enum err request_recall(struct request *rq, bool own)
{
	struct kept_answer kept;

	if (!has_key(rq))
		return OK;

	struct claim_request request = claim_request_of(rq);
	enum err err = claim_recall(rq->db, rq->arena, &request, own, &kept);

	if (err == OK)
		replay(rq, &kept);
	return err;
}

enum err request_claim(struct request *rq)
{
	struct kept_answer kept;

	if (!has_key(rq))
		return OK;

	struct claim *claim = arena_alloc(rq->arena, sizeof *claim);
	struct claim_request request = claim_request_of(rq);
	enum err err = claim_take(rq->db, rq->arena, &request, claim, &kept);

	if (err != OK)
		return err;
	replay(rq, &kept);
	if (kept.kept)
		return OK;
	rq->claim = claim;
	rq->noted = kept.results;
	return OK;
}

void request_release(struct request *rq)
{
	claim_release(rq->db, rq->arena, rq->claim);
}

void request_keep(struct request *rq, struct txn *txn)
{
	json_finish(&rq->json);
	if (rq->claim)
		claim_complete(txn, rq->claim, rq->status, rq->out.bytes, rq->out.length);
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
	if (rq->claim)
		rq->claim->noted = false;
}

enum err request_complete(struct request *rq)
{
	struct txn txn;

	if (!rq->claim)
		return OK;
	txn_start(&txn, rq->arena);
	request_keep(rq, &txn);
	enum err err = txn_commit(rq->db, &txn);
	if (err == OK)
		rq->claim = NULL;
	return err;
}
