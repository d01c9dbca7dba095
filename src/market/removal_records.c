#include "market/removal_private.h"

#include "base/clock.h"
#include "base/count.h"
#include "market/submissions.h"
#include "market/tasks.h"
#include "market/withdrawals.h"
#include "store/claim_people.h"
#include "store/doc.h"

#include <string.h>

enum {
	BATCH_MAX = 256,
	BATCH_BYTES = 1024 * 1024, /* kept answers may have megabytes each */
	GROUP = 16, /* transactions that share a transaction: it stays short, and waits for the disk once */
};

/* ---- records in batches ---- */

struct batch {
	struct removal *removal;
	enum collection in;
	size_t most; /* records at once */
	enum err (*run)(const struct batch *batch);
	const void *with; /* what run needs to know */
	const bson_t *docs[BATCH_MAX];
	size_t count, bytes;
	enum err err;
};

static bool batch_run(struct batch *batch)
{
	struct removal *removal = batch->removal;

	if (batch->count)
		batch->err = batch->run(batch);
	batch->count = batch->bytes = 0;
	arena_reset(removal->call.arena);
	if (batch->err == OK && clock_steady() >= removal->until)
		batch->err = ERR_IN_PROGRESS;
	return batch->err == OK;
}

static bool batch_take(void *context, const bson_t *doc)
{
	struct batch *batch = context;

	batch->docs[batch->count++] = doc_copy(batch->removal->call.arena, doc);
	batch->bytes += doc->len;
	return (batch->count < batch->most && batch->bytes < BATCH_BYTES) || batch_run(batch);
}

/* Runs over all records that match a filter of the removal's arena. Of each, nothing is read but its id, and the text
 * of a kept answer. */
static enum err batch_each(struct batch *batch, const bson_t *filter)
{
	struct removal *removal = batch->removal;
	bson_t *options = DOC(removal->arena, SUB("projection", INT("_id", 1), INT("body", 1)));
	enum err err = db_each(removal->call.db, batch->in, filter, options, batch_take, batch);

	if (err == OK && batch->err == OK)
		batch_run(batch);
	return err != OK ? err : batch->err;
}

static bson_t *batch_filter(const struct batch *batch)
{
	struct arena *arena = batch->removal->call.arena;
	struct doc_array ids = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++)
		doc_array_field(&ids, batch->docs[i], "_id");
	return DOC(arena, SUB("_id", ARRAY("$in", ids.doc)));
}

/* ---- open business ---- */

static enum err task_end(struct call *call, const struct id *id, struct txn *txn)
{
	return task_take_down(call, id, false, txn);
}

static enum err work_to_them_end(struct call *call, const struct id *id, struct txn *txn)
{
	static const struct review review = { .reason = "The buyer's account was removed.",
					      .reason_code = "account_removed" };

	return submission_review(call, id, &review, txn);
}

static enum err work_by_them_end(struct call *call, const struct id *id, struct txn *txn)
{
	static const struct review review = { .reason = "The worker's account was removed.",
					      .reason_code = "account_removed" };

	return submission_review(call, id, &review, txn);
}

static enum err withdrawal_end(struct call *call, const struct id *id, struct txn *txn)
{
	static const struct withdrawal_decision decision = { .reason = "The account was removed." };

	return withdrawal_decide(call, id, &decision, txn);
}

/* In this order: once their tasks are cancelled no more work is handed in to them. */
static const struct open_business {
	enum collection in;
	const char *owner, *status;
	enum err (*end)(struct call *call, const struct id *id, struct txn *txn);
	void (*after)(struct call *call, const struct txn *txn); /* NULL: nothing */
} open_business[] = {
	{ TASKS, "buyer_id", "active", task_end, NULL },
	{ SUBMISSIONS, "buyer_id", "pending", work_to_them_end, submission_reviewed },
	{ SUBMISSIONS, "worker_id", "pending", work_by_them_end, submission_reviewed },
	{ WITHDRAWALS, "worker_id", "pending", withdrawal_end, NULL },
};
enum { BUSINESS_COUNT = COUNT_OF(open_business) };

/* A record that others were quicker with is no trouble; a database that is away is. */
static bool is_trouble(enum err err)
{
	return err == ERR_UNAVAILABLE || err == ERR_INTERNAL;
}

static enum err txn_make(struct removal *removal, const struct open_business *business,
			 const bson_t *doc, struct txn *txn)
{
	struct id id = doc_own_id(doc);

	memset(&removal->detail, 0, sizeof removal->detail);
	txn_start(txn, removal->call.arena);
	return business->end(&removal->call, &id, txn);
}

static void ended(struct removal *removal, const struct open_business *business,
		  const struct txn *txn)
{
	if (business->after)
		business->after(&removal->call, txn);
}

static enum err end_each_alone(const struct batch *batch)
{
	struct removal *removal = batch->removal;
	struct txn txn;
	enum err err = OK;

	for (size_t i = 0; i < batch->count && !is_trouble(err); i++) {
		err = txn_make(removal, batch->with, batch->docs[i], &txn);
		if (err == OK)
			err = txn_commit(removal->call.db, &txn);
		if (err == OK)
			ended(removal, batch->with, &txn);
	}
	return is_trouble(err) ? err : OK;
}

static enum err end_batch(const struct batch *batch)
{
	struct removal *removal = batch->removal;
	struct txn txns[GROUP], *made[GROUP] = { 0 };
	size_t made_count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		enum err err = txn_make(removal, batch->with, batch->docs[i], &txns[i]);

		if (is_trouble(err))
			return err;
		if (err == OK)
			made[made_count++] = &txns[i];
	}
	if (txn_commit_group(removal->call.db, made, made_count) != OK)
		return end_each_alone(batch);
	for (size_t i = 0; i < made_count; i++)
		ended(removal, batch->with, made[i]);
	return OK;
}

static bson_t *business_filter(const struct removal *removal, const struct open_business *business)
{
	return DOC(removal->arena, ID(business->owner, &removal->user),
		   TEXT("status", business->status));
}

/* Nothing of the kind can be begun any more, so what is not there now never will be. */
static enum err see_none_open(struct removal *removal)
{
	const bson_t *found = NULL;
	enum err err = OK;

	for (size_t i = 0; i < BUSINESS_COUNT && err == OK && !found; i++)
		err = db_find_one(removal->call.db, removal->arena, open_business[i].in,
				  business_filter(removal, &open_business[i]), NULL, &found);
	return err == OK && found ? ERR_CONFLICT : err;
}

enum err removal_end_business(struct removal *removal)
{
	enum err err = OK;

	for (size_t i = 0; i < BUSINESS_COUNT && err == OK; i++) {
		const struct open_business *business = &open_business[i];
		struct batch batch = { .removal = removal,
				       .in = business->in,
				       .most = GROUP,
				       .run = end_batch,
				       .with = business };

		err = batch_each(&batch, business_filter(removal, business));
	}
	return err == OK ? see_none_open(removal) : err;
}

/* ---- the person in what is kept ---- */

static enum err forget_batch(const struct batch *batch)
{
	struct removal *removal = batch->removal;
	struct arena *arena = removal->call.arena;
	const bson_t *texts = personal_forgotten(arena, batch->with, &removal->user);

	return db_update_many(removal->call.db, arena, batch->in, batch_filter(batch),
			      DOC(arena, PART("$set", texts)), NULL);
}

static enum err remove_batch(const struct batch *batch)
{
	struct call *call = &batch->removal->call;

	return db_remove(call->db, call->arena, batch->in, batch_filter(batch), false);
}

static enum err answers_batch(const struct batch *batch)
{
	struct call *call = &batch->removal->call;
	struct db_update updates[BATCH_MAX];
	int64_t matched, taken;

	for (size_t i = 0; i < batch->count; i++)
		updates[i] = claim_forget(call->arena, batch->docs[i], &batch->removal->user);
	enum err err = db_update_bulk(call->db, call->arena, batch->in, updates, batch->count,
				      &matched, &taken);
	return err == OK && matched < (int64_t)batch->count ? ERR_CONFLICT : err;
}

static enum err (*const batch_runs[])(const struct batch *batch) = {
	[RECORD_STAYS] = forget_batch,
	[RECORD_GOES] = remove_batch,
	[RECORD_IS_ANSWER] = answers_batch,
};

static enum err person_take_out(struct removal *removal, enum collection in,
				const struct personal *person)
{
	struct arena *arena = removal->arena;
	const bson_t *texts = personal_forgotten(arena, person, &removal->user);
	bson_t *filter = DOC(arena, ID(person->whose, &removal->user));
	struct batch batch = { .removal = removal,
			       .in = in,
			       .most = BATCH_MAX,
			       .run = batch_runs[person->record],
			       .with = person };

	/* those of which that is done are not done again */
	if (person->record == RECORD_STAYS)
		bson_concat(filter, DOC(arena, LIST("$nor", BCON_DOCUMENT(texts))));
	return batch_each(&batch, filter);
}

enum err removal_tidy(struct removal *removal)
{
	enum err err = OK;

	for (int in = 0; in < COLLECTION_COUNT; in++)
		for (const struct personal *person = collection_rows[in].people;
		     person->whose && err == OK; person++)
			if (person->record != RECORD_IS_ACCOUNT)
				err = person_take_out(removal, (enum collection)in, person);
	return err;
}
