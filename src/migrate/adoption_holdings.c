/* Withdrawals that hold coins, or held them: the pending and the approved ones of a batch of users. */
#include "migrate/adoption_private.h"

#include "market/status.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

static bool holding_take(void *context, const bson_t *doc)
{
	struct holdings *holdings = context;
	struct arena *arena = holdings->batch->arena;
	const struct person *owner = owner_of(holdings->batch, doc, "worker_id", "worker_email");
	struct holding holding = {
		.coins = amount_read(doc, "withdrawal_coin", ADOPTION_COINS_MOST).value,
		.approved = !strcmp(status_of(doc, "pending"), "approved"),
	};

	if (!owner || !record_of(holdings->batch, &owner->id) || !doc_id(doc, "_id", &holding.id))
		return true;
	holding.owner = owner->id;
	holding.doc = doc_copy(arena, doc);
	if (!date_read(doc, "withdraw_date", &holding.asked_at))
		holding.asked_at = created_at(doc);
	holdings->list = arena_grow(arena, holdings->list, holdings->count, &holdings->room,
				    sizeof *holdings->list);
	holdings->list[holdings->count++] = holding;
	journal_want(holdings->batch, "hold", &holding.id);
	return true;
}

/* Those that are adopted name their owners, and an index leads to them; a later one waits for the next run. In a dry run
 * none does yet. */
static const bson_t *holdings_filter(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array ids = doc_array_new(arena);

	for (size_t i = 0; i < batch->count; i++)
		doc_array_id(&ids, &batch->records[i].id);
	bson_t *theirs = DOC(arena, SUB("worker_id", ARRAY("$in", ids.doc)));
	bson_t *filter =
		DOC(arena, SUB("status", LIST("$in", BCON_UTF8(status_name(STATUS_PENDING)),
					      BCON_UTF8(status_name(STATUS_APPROVED)), BCON_NULL)));
	bool dry = batch->adoption->order->dry_run;

	bson_concat(filter, dry ? DOC(arena, LIST("$or", BCON_DOCUMENT(theirs), ITEM(NONE(MARK)))) :
				  theirs);
	return dry ? filter : mark_ask(arena, WITHDRAWALS, filter);
}

static int holding_compare(const void *a, const void *b)
{
	const struct holding *one = a, *other = b;
	int order = id_compare(&one->owner, &other->owner);

	return order ? order : age_compare(one->asked_at, &one->id, other->asked_at, &other->id);
}

enum err holdings_read(struct batch *batch, struct holdings *holdings)
{
	bson_t *options =
		DOC(batch->arena, SUB("projection", INT("worker_id", 1), INT("worker_email", 1),
				      INT("withdrawal_coin", 1), INT("status", 1),
				      INT("withdraw_date", 1), INT("createdAt", 1)));

	holdings->batch = batch;
	enum err err = db_each(batch->db, WITHDRAWALS, holdings_filter(batch), options,
			       holding_take, holdings);
	if (holdings->count)
		qsort(holdings->list, holdings->count, sizeof *holdings->list, holding_compare);
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
