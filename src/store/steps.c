#include "store/steps.h"

#include "store/doc.h"
#include "store/step_commands.h"
#include "store/store_private.h"
#include "store/touches.h"

#include <string.h>

/* ---- how it went ---- */

static enum outcome refused(struct run *run, struct txn *culprit, enum err err)
{
	run->err = err;
	run->culprit = culprit;
	return REFUSED;
}

/* A filter found nothing, of a command for several perhaps another than the first. */
static enum outcome missed(struct run *run, const struct item *items, size_t count, size_t matched)
{
	items->txn->missed = items->step;
	run->matched = matched;
	return refused(run, count == 1 ? items->txn : NULL, items->step->on_miss);
}

/* A reply may say what went wrong where the driver saw no error: a document that a validator turned down. */
enum outcome steps_failed(struct run *run, const bson_t *reply, const bson_error_t *error,
			  const char *doing)
{
	struct write_error refusal;

	if (mongoc_error_has_label(reply, "TransientTransactionError"))
		return AGAIN;
	run->err = store_write_error(reply, &refusal) ? store_refused(&refusal, doing) :
							store_failed_reply(reply, error, doing);
	return BROKEN;
}

static bool command_run(struct run *run, struct arena *arena, const bson_t *command,
			const bson_t **reply, bson_error_t *error)
{
	struct db *db = run->db;
	bson_t answer;
	bool ok = mongoc_client_write_command_with_opts(db->client, db->store->database, command,
							run->options, &answer, error);

	*reply = doc_steal(arena, &answer);
	return ok;
}

/* Did a step of the command meet a taken key, and which? The first when the reply does not say. */
static bool key_taken(const bson_t *reply, const bson_error_t *error, bool ok, size_t *index)
{
	struct write_error refusal = { .code = ok ? 0 : error->code };

	(void)store_write_error(reply, &refusal);
	*index = refusal.index;
	return refusal.code == MONGOC_ERROR_DUPLICATE_KEY;
}

/* ---- what was found ---- */

static bool rows_of(const bson_t *reply, bson_iter_t *at)
{
	bson_t cursor, rows;

	return doc_part(reply, "cursor", &cursor) && doc_part(&cursor, "firstBatch", &rows) &&
	       bson_iter_init(at, &rows);
}

static bool row_next(bson_iter_t *at, bson_t *row)
{
	return bson_iter_next(at) && doc_iter_part(at, row);
}

static enum outcome same_judge(struct run *run, const struct item *items, size_t count,
			       const bson_t *reply)
{
	bson_iter_t at;
	bson_t row;
	bool any = rows_of(reply, &at);

	for (size_t i = 0; i < count; i++)
		if (!any || !row_next(&at, &row) || !bson_equal(&row, items[i].step->doc))
			return missed(run, &items[i], 1, 0);
	return DONE;
}

/* Whose document is this? The first one's where nobody's is. */
static const struct item *item_of(const struct item *items, size_t count, const bson_t *doc)
{
	uint64_t touched = touched_as(items->step->in, doc);

	for (size_t i = 0; i < count; i++)
		if (items[i].touched == touched)
			return &items[i];
	return items;
}

static enum outcome modify_judge(struct run *run, const struct item *item, const bson_t *reply)
{
	bson_t *value = arena_alloc(item->txn->arena, sizeof *value);

	if (!doc_part(reply, "value", value))
		return missed(run, item, 1, 0);
	item->step->found = value;
	return DONE;
}

/* The images of documents that are all different, each in the memory of its owner. */
static enum outcome images_read(struct run *run, const struct item *items, size_t count)
{
	struct arena *arena = items->txn->arena;
	const bson_t *reply;
	bson_error_t error = { 0 };
	bson_iter_t at;
	bson_t row;

	if (!command_run(run, arena, images_command(arena, items, count), &reply, &error))
		return steps_failed(run, reply, &error, "looking");
	for (bool any = rows_of(reply, &at); any && row_next(&at, &row);) {
		const struct item *item = item_of(items, count, &row);

		item->step->found = doc_copy(item->txn->arena, &row);
	}
	for (size_t i = 0; i < count; i++)
		if (!items[i].step->found)
			return missed(run, &items[i], 1, 0);
	return DONE;
}

/* What the reply to a command says that MongoDB carried out. */
static enum outcome items_judge(struct run *run, const struct item *items, size_t count,
				const bson_t *reply)
{
	const struct step *step = items->step;

	if (step->kind == STEP_SAME)
		return same_judge(run, items, count, reply);
	if (step->read && count == 1)
		return modify_judge(run, items, reply);
	int64_t matched = doc_whole(reply, "n", 0);
	if (matched != (int64_t)count)
		return missed(run, items, count, (size_t)matched);
	return step->read ? images_read(run, items, count) : DONE;
}

/* ---- running ---- */

/* Runs a step, or several that travel together. */
static enum outcome items_run(struct run *run, const struct item *items, size_t count)
{
	static const char *const doing[] = {
		[STEP_SAME] = "looking",
		[STEP_UPDATE] = "updating",
		[STEP_INSERT] = "inserting",
		[STEP_REMOVE] = "removing",
	};
	struct arena *arena = items->txn->arena;
	const bson_t *reply;
	bson_error_t error = { 0 };
	size_t taken;

	if (items->step->kind == STEP_THEN) /* in its turn */
		return DONE;
	run->sent = true;
	bool ok = command_run(run, arena, items_command(arena, items, count), &reply, &error);
	if (key_taken(reply, &error, ok, &taken))
		return refused(run, items[taken].txn, items[taken].step->on_miss);
	if (!ok || bson_has_field(reply, "writeErrors"))
		return steps_failed(run, reply, &error, doing[items->step->kind]);
	return items_judge(run, items, count, reply);
}

/* What these, which all have the same ahead, have at the first place, then at the second, and so on. From now on none
 * of it takes any more changes. */
static struct item *items_take(struct txn *const *txns, size_t count, size_t places)
{
	struct item *items = arena_alloc(txns[0]->arena, places * count * sizeof *items);

	for (size_t i = 0; i < count; i++) {
		for (size_t place = 0; place < places; place++)
			items[place * count + i] = (struct item){
				.txn = txns[i],
				.step = &txns[i]->steps[txns[i]->ran + place],
				.place = place,
			};
		txns[i]->ran = txns[i]->count;
	}
	return items;
}

static enum outcome touches_note(struct run *run, struct item *items, size_t count, size_t places)
{
	struct touches *touches = run->touches;

	if (!touches)
		return DONE;
	for (size_t i = 0; i < count; i++) {
		struct item *item = &items[i];

		if (!touched_by(item->step, &item->touched) ||
		    (item->touched && !touches_add(touches, item->txn, item->touched,
						   touches->places + item->place)))
			return refused(run, item->txn, ERR_CONFLICT);
	}
	touches->places += places;
	return DONE;
}

/* Lets the decisions of all add steps, and runs those. An item's step is read where it was, also when its transaction
 * had to move its steps to add others. */
static enum outcome decisions_run(struct run *run, const struct item *items, struct txn **txns,
				  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct step *step = items[i].step;
		enum err err = step->then(step->context, items[i].txn);

		if (err != OK)
			return refused(run, items[i].txn, err);
	}
	return steps_run(run, txns, count);
}

/* Decisions last, as they are about what the others found. */
static enum outcome alike_run(struct run *run, struct txn **txns, size_t count)
{
	size_t places = txns[0]->count - txns[0]->ran, all = places * count, together;
	struct item *items = items_take(txns, count, places);
	enum outcome outcome = touches_note(run, items, all, places);

	for (size_t i = 0; i < all && outcome == DONE; i += together) {
		together = items_together(&items[i], all - i);
		outcome = items_run(run, &items[i], together);
	}
	for (size_t i = 0; i < all && outcome == DONE; i += count)
		if (items[i].step->kind == STEP_THEN)
			outcome = decisions_run(run, &items[i], txns, count);
	return outcome;
}

/* Have both the same ahead, in kind? */
static bool is_like(const struct txn *a, const struct txn *b)
{
	const struct step *one = &a->steps[a->ran], *other = &b->steps[b->ran];
	size_t count = a->count - a->ran;

	if (b->count - b->ran != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (one[i].kind != other[i].kind || one[i].in != other[i].in ||
		    one[i].read != other[i].read)
			return false;
	return true;
}

enum outcome steps_run(struct run *run, struct txn *const *txns, size_t count)
{
	struct txn **alike = arena_alloc(txns[0]->arena, count * sizeof(struct txn *));
	enum outcome outcome = DONE;

	for (size_t i = 0; i < count && outcome == DONE; i++) {
		size_t those = 0;

		if (txns[i]->ran == txns[i]->count)
			continue;
		for (size_t j = i; j < count; j++)
			if (is_like(txns[i], txns[j]))
				alike[those++] = txns[j];
		outcome = alike_run(run, alike, those);
	}
	return outcome;
}

/* A commit waits until the majority has what its transaction has read, so it must read something. */
enum outcome steps_confirm(struct run *run)
{
	struct arena *arena = run->txns[0]->arena;
	const bson_t *reply;
	bson_error_t error = { 0 };
	bool ok = command_run(run, arena, look_command(arena, META, DOC(arena, NULL)), &reply,
			      &error);

	return ok ? DONE : steps_failed(run, reply, &error, "confirming");
}
