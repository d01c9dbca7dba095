/* Withdrawals that hold coins, or held them: the pending and the approved ones of a batch of users. */
#include "market/adoption_private.h"

#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

static bool holding_take(void *context, const bson_t *doc)
{
	struct holdings *holdings = context;
	struct arena *arena = holdings->people.arena;
	struct holding holding = {
		.coins = amount_read(doc, "withdrawal_coin", ADOPTION_COINS_MOST).value,
		.approved = !strcmp(status_of(doc, "pending"), "approved"),
		.doc = doc_copy(arena, doc),
	};

	if (!doc_id(doc, "_id", &holding.id))
		return true;
	if (!date_read(doc, "withdraw_date", &holding.asked_at))
		holding.asked_at = created_at(doc);
	holdings->list = arena_grow(arena, holdings->list, holdings->count, &holdings->room,
				    sizeof *holdings->list);
	holdings->list[holdings->count++] = holding;
	people_want_owner(&holdings->people, doc, "worker_id", "worker_email");
	journal_want(holdings->journal, "hold", &holding.id);
	return true;
}

/* In a run the owners' ids stand in the withdrawals, and an index leads to them. */
static bson_t *holdings_filter(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array ids = doc_array_new(arena), folds = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++) {
		const char *email = doc_text(batch->records[i].doc, "email");

		doc_array_id(&ids, &batch->records[i].id);
		if (email)
			doc_array_text(&folds, email_key_of(arena, email));
	}
	bson_t *filter = DOC(arena, "status", "{", "$in", "[", BCON_UTF8("pending"),
			     BCON_UTF8("approved"), BCON_NULL, "]", "}");
	bson_t *by_id = DOC(arena, "worker_id", "{", "$in", BCON_ARRAY(ids.doc), "}");
	if (batch->adoption->order->dry_run)
		bson_concat(filter, DOC(arena, "$or", "[", BCON_DOCUMENT(by_id), "{", "$expr", "{",
					"$in", "[", BCON_DOCUMENT(fold_of(arena, "$worker_email")),
					BCON_ARRAY(folds.doc), "]", "}", "}", "]"));
	else
		bson_concat(filter, by_id);
	return filter;
}

static int holding_compare(const void *a, const void *b)
{
	const struct holding *one = a, *other = b;
	int order = id_compare(&one->owner, &other->owner);

	return order ? order : age_compare(one->asked_at, &one->id, other->asked_at, &other->id);
}

/* Keeps those whose owner is found, in their order. */
static void owners_find(struct holdings *holdings)
{
	size_t kept = 0;

	for (size_t i = 0; i < holdings->count; i++) {
		struct holding *holding = &holdings->list[i];

		holding->ours = journal_has(holdings->journal, "hold", &holding->id);
		if (people_owner(&holdings->people, holding->doc, "worker_id", "worker_email",
				 &holding->owner))
			holdings->list[kept++] = *holding;
	}
	holdings->count = kept;
	qsort(holdings->list, kept, sizeof *holdings->list, holding_compare);
}

enum err holdings_read(struct batch *batch, struct journal *journal, struct holdings *holdings)
{
	struct arena *arena = batch->arena;
	bson_t *options =
		DOC(arena, "projection", "{", "worker_id", BCON_INT32(1), "worker_email",
		    BCON_INT32(1), "withdrawal_coin", BCON_INT32(1), "status", BCON_INT32(1),
		    "withdraw_date", BCON_INT32(1), "createdAt", BCON_INT32(1), "}");

	holdings->journal = journal;
	people_start(&holdings->people, batch, arena);
	enum err err = db_each(batch->adoption->order->db, WITHDRAWALS, holdings_filter(batch),
			       options, holding_take, holdings);
	if (err == OK)
		err = people_read(&holdings->people);
	if (err == OK)
		err = journal_read(journal);
	if (err == OK)
		owners_find(holdings);
	return err;
}

const struct holding *holdings_of(const struct holdings *holdings, const struct id *user,
				  size_t *count)
{
	size_t low = 0, high = holdings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct id *owner = &holdings->list[middle].owner;

		if (id_compare(owner, user) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0;
	     low + *count < holdings->count && id_equal(&holdings->list[low + *count].owner, user);)
		++*count;
	return holdings->list + low;
}
