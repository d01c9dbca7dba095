#include "store/txn.h"

#include "store/doc.h"
#include "store/mark.h"

#include <string.h>

void txn_start(struct txn *txn, struct arena *arena)
{
	memset(txn, 0, sizeof *txn);
	txn->arena = arena;
}

static struct step *step_add(struct txn *txn, enum collection in, enum err on_miss)
{
	txn->steps = arena_grow(txn->arena, txn->steps, txn->count, &txn->room, sizeof *txn->steps);
	struct step *step = &txn->steps[txn->count++];
	memset(step, 0, sizeof *step);
	step->in = in;
	step->on_miss = on_miss;
	return step;
}

/* ---- folding ---- */

/* The members of an update that does nothing but add to numbers; false for any other. */
static bool only_adds(const bson_t *change, bson_t *numbers)
{
	return bson_count_keys(change) == 1 && doc_part(change, "$inc", numbers);
}

/* The members of both; numbers that both have are added up. */
static bson_t *sum_of(struct arena *arena, const bson_t *some, const bson_t *more)
{
	bson_t *sum = DOC(arena, NULL);
	bson_iter_t at;
	int64_t added;

	for (bson_iter_init(&at, some); bson_iter_next(&at);) {
		const char *key = bson_iter_key(&at);

		if (bson_has_field(more, key) && doc_iter_number(&at, &added))
			BSON_APPEND_INT64(sum, key, added + doc_whole(more, key, 0));
		else
			bson_append_iter(sum, NULL, 0, &at);
	}
	for (bson_iter_init(&at, more); bson_iter_next(&at);)
		if (!bson_has_field(some, bson_iter_key(&at)))
			bson_append_iter(sum, NULL, 0, &at);
	return sum;
}

/* The change, adding these numbers, too; NULL when it is of stages, or does something else to one of them. */
static const bson_t *adding(struct arena *arena, const bson_t *change, const bson_t *numbers)
{
	bson_t *both = DOC(arena, NULL), part;
	bson_iter_t at, number;

	if (bson_has_field(change, "0"))
		return NULL;
	for (bson_iter_init(&at, change); bson_iter_next(&at);) {
		const char *name = bson_iter_key(&at);

		if (!strcmp(name, "$inc") || !doc_part(change, name, &part))
			continue;
		for (bson_iter_init(&number, numbers); bson_iter_next(&number);)
			if (bson_has_field(&part, bson_iter_key(&number)))
				return NULL;
		bson_append_iter(both, NULL, 0, &at);
	}
	if (doc_part(change, "$inc", &part))
		numbers = sum_of(arena, &part, numbers);
	BSON_APPEND_DOCUMENT(both, "$inc", numbers);
	return both;
}

/* Does the change write the field? */
static bool writes(const bson_t *change, const char *field)
{
	bson_iter_t at;
	bson_t part;

	for (bson_iter_init(&at, change); bson_iter_next(&at);)
		if (doc_part(change, bson_iter_key(&at), &part) && bson_has_field(&part, field))
			return true;
	return false;
}

/* Both filters in one; NULL when they say different things of a field, or the later one speaks of what the earlier
 * step's change writes: it means the document as that step leaves it. */
static const bson_t *joined(struct arena *arena, const bson_t *filter, const bson_t *change,
			    const bson_t *more)
{
	bson_t *both = doc_copy(arena, filter);
	bson_iter_t at, same;

	for (bson_iter_init(&at, more); bson_iter_next(&at);)
		if (strcmp(bson_iter_key(&at), "_id") && writes(change, bson_iter_key(&at)))
			return NULL;

	for (bson_iter_init(&at, more); bson_iter_next(&at);)
		if (!bson_iter_init_find(&same, filter, bson_iter_key(&at)))
			bson_append_iter(both, NULL, 0, &at);
		else if (bson_compare(DOC(arena, PAIR("", BCON_ITER(&same))),
				      DOC(arena, PAIR("", BCON_ITER(&at)))))
			return NULL;
	return both;
}

/* Is the step about this document? */
static bool is_about(const struct step *step, enum collection in, const struct id *id)
{
	const bson_t *named = step->kind == STEP_INSERT ? step->doc : step->of_any;
	struct id own;

	return step->in == in && named && doc_id(named, "_id", &own) && id_equal(&own, id);
}

static bool fold_into(struct txn *txn, struct step *step, const bson_t *filter,
		      const bson_t *numbers, enum err on_miss)
{
	struct arena *arena = txn->arena;

	if (step->kind == STEP_INSERT && bson_count_keys(filter) == 1) {
		step->doc = sum_of(arena, step->doc, numbers);
		return true;
	}
	if (step->kind != STEP_UPDATE || step->read == READ_BEFORE || step->on_miss != on_miss ||
	    step->filter == step->of_any)
		return false;
	const bson_t *change = adding(arena, step->change, numbers);
	const bson_t *guards = joined(arena, step->of_any, step->change, filter);
	if (!change || !guards)
		return false;
	step->change = change;
	step->of_any = guards;
	step->filter = mark_ask(arena, step->in, guards);
	return true;
}

/* The step that an update folded into; NULL: it does not. */
static struct step *fold(struct txn *txn, enum collection in, const bson_t *filter,
			 const bson_t *change, enum err on_miss)
{
	bson_t numbers;
	struct id id;

	if (!doc_id(filter, "_id", &id) || !only_adds(change, &numbers))
		return NULL;
	for (size_t i = txn->count; i-- > txn->ran;) {
		struct step *step = &txn->steps[i];

		if (is_about(step, in, &id))
			return fold_into(txn, step, filter, &numbers, on_miss) ? step : NULL;
	}
	return NULL;
}

/* ---- steps ---- */

static struct step *update_add(struct txn *txn, enum collection in, const bson_t *filter,
			       const bson_t *change, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_UPDATE;
	step->filter = mark_ask(txn->arena, in, filter);
	step->of_any = filter;
	step->change = change;
	return step;
}

static struct step *update_fold(struct txn *txn, enum collection in, const bson_t *filter,
				const bson_t *change, enum err on_miss)
{
	struct step *step = fold(txn, in, filter, change, on_miss);

	return step ? step : update_add(txn, in, filter, change, on_miss);
}

void txn_update(struct txn *txn, enum collection in, const bson_t *filter, const bson_t *change,
		enum err on_miss)
{
	(void)update_fold(txn, in, filter, change, on_miss);
}

void txn_update_before(struct txn *txn, enum collection in, const bson_t *filter,
		       const bson_t *change, enum err on_miss)
{
	update_add(txn, in, filter, change, on_miss)->read = READ_BEFORE;
}

void txn_update_after(struct txn *txn, enum collection in, const bson_t *filter,
		      const bson_t *change, enum err on_miss)
{
	struct step *step = update_fold(txn, in, filter, change, on_miss);

	/* folded into an insert, whose document is known */
	if (step->kind == STEP_UPDATE)
		step->read = READ_AFTER;
}

void txn_insert(struct txn *txn, enum collection in, const bson_t *doc, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_INSERT;
	step->doc = mark_add(txn->arena, in, doc);
}

void txn_remove(struct txn *txn, enum collection in, const bson_t *filter, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_REMOVE;
	step->filter = mark_ask(txn->arena, in, filter);
	step->of_any = filter;
}

void txn_same(struct txn *txn, enum collection in, const bson_t *doc, enum err on_miss)
{
	struct step *step = step_add(txn, in, on_miss);

	step->kind = STEP_SAME;
	step->doc = doc;
}

void txn_of_any(struct txn *txn)
{
	struct step *step = &txn->steps[txn->count - 1];

	step->filter = step->of_any;
}

void txn_then(struct txn *txn, txn_decision then, void *context)
{
	struct step *step = step_add(txn, META, OK);

	step->kind = STEP_THEN;
	step->then = then;
	step->context = context;
}

const bson_t *txn_found(const struct txn *txn, enum collection in)
{
	for (size_t i = txn->count; i-- > 0;)
		if (txn->steps[i].in == in && txn->steps[i].found)
			return txn->steps[i].found;
	return NULL;
}

const bson_t *txn_inserted(const struct txn *txn, enum collection in)
{
	for (size_t i = 0; i < txn->count; i++)
		if (txn->steps[i].in == in && txn->steps[i].kind == STEP_INSERT)
			return txn->steps[i].doc;
	return NULL;
}

const bson_t *txn_found_of(const struct txn *txn, enum collection in, const struct id *id)
{
	for (size_t i = txn->count; i-- > 0;)
		if (txn->steps[i].found && is_about(&txn->steps[i], in, id))
			return txn->steps[i].found;
	return NULL;
}

static bool has(const struct txn *txn, int kind, enum collection in, const struct id *id)
{
	for (size_t i = 0; i < txn->count; i++)
		if ((int)txn->steps[i].kind == kind && is_about(&txn->steps[i], in, id))
			return true;
	return false;
}

bool txn_inserts(const struct txn *txn, enum collection in, const struct id *id)
{
	return has(txn, STEP_INSERT, in, id);
}

bool txn_removes(const struct txn *txn, enum collection in, const struct id *id)
{
	return has(txn, STEP_REMOVE, in, id);
}
