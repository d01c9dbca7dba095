/* What the journal knows already, and the rows that adoption adds to it. */
#include "migrate/adoption_pass.h"

#include <stdlib.h>
#include <string.h>

static const char *journal_key(const struct batch *batch, const char *kind, const struct id *id)
{
	return arena_printf(batch->arena, "%s:%s", kind, id_text(batch->arena, id));
}

void journal_want(struct batch *batch, const char *kind, const struct id *id)
{
	doc_array_text(&batch->journal.keys, journal_key(batch, kind, id));
}

void journal_want_owner(struct batch *batch, const char *field, const struct id *id)
{
	batch->journal.field = field;
	doc_array_id(&batch->journal.owners, id);
}

static bool row_take(void *context, const bson_t *row)
{
	struct batch *batch = context;
	const char *key = doc_text(row, "_id");

	if (key)
		batch->journal.found[batch->journal.found_count++] = arena_text(batch->arena, key);
	return true;
}

/* The server leaps from one owner's rows to the next one's. */
static enum err owners_read(struct batch *batch)
{
	struct journal *journal = &batch->journal;
	struct arena *arena = batch->arena;
	const bson_t *reply;
	bson_t values;
	struct id id;
	bson_iter_t at;
	enum err err = db_read(
		batch->db, arena,
		DOC(arena, TEXT("distinct", collection_name(LEDGER)), TEXT("key", journal->field),
		    SUB("query", SUB(journal->field, ARRAY("$in", journal->owners.doc)))),
		&reply);

	if (err != OK || !doc_part(reply, "values", &values) || !bson_iter_init(&at, &values))
		return err;
	while (bson_iter_next(&at))
		if (doc_id(&values, bson_iter_key(&at), &id))
			journal->found[journal->found_count++] =
				journal_key(batch, journal->field, &id);
	return OK;
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum err journal_read(struct batch *batch)
{
	struct journal *journal = &batch->journal;
	struct arena *arena = batch->arena;
	size_t most = journal->keys.count + journal->owners.count;
	enum err err = OK;

	journal->found = arena_alloc(arena, (most + 1) * sizeof *journal->found);
	if (journal->owners.count)
		err = owners_read(batch);
	if (err == OK && journal->keys.count)
		err = db_each(batch->db, LEDGER,
			      DOC(arena, SUB("_id", ARRAY("$in", journal->keys.doc))),
			      DOC(arena, SUB("projection", INT("_id", 1))), row_take, batch);
	qsort(journal->found, journal->found_count, sizeof *journal->found, text_compare);
	return err;
}

bool journal_has(const struct batch *batch, const char *kind_or_field, const struct id *id)
{
	const struct journal *journal = &batch->journal;

	if (!journal->found_count)
		return false;
	const char *key = journal_key(batch, kind_or_field, id);
	return bsearch(&key, journal->found, journal->found_count, sizeof *journal->found,
		       text_compare) != NULL;
}

void open_account(struct record *record, const char *what, enum rule rule, int64_t coins)
{
	const struct id *id = &record->id;
	bool is_user = record->batch->adoption->pass->in == USERS;

	if (!coins)
		return;
	note(record, rule, coins);
	ledger_note(&record->batch->call, &record->txn,
		    &(struct transfer){
			    .key = journal_key(record->batch, what, id),
			    .from = { .kind = ACCOUNT_OPENING },
			    .to = is_user ? account_user(id) : account_escrow(id),
			    .coins = coins,
			    .kind = "opening",
			    .user = is_user ? id : NULL,
			    .task = is_user ? NULL : id,
			    .taken = ERR_CONFLICT,
		    });
}

/* The same row as of a withdrawal that was asked for here. */
void hold_account(struct record *record, const struct id *worker, const struct id *withdrawal,
		  int64_t coins)
{
	ledger_note(&record->batch->call, &record->txn,
		    &(struct transfer){
			    .key = journal_key(record->batch, "hold", withdrawal),
			    .from = account_user(worker),
			    .to = account_held(withdrawal),
			    .coins = coins,
			    .kind = "hold",
			    .user = worker,
			    .taken = ERR_CONFLICT,
		    });
}

/* ---- is it whole? ---- */

static bool count_take(void *context, const bson_t *row)
{
	*(int64_t *)context += doc_whole(row, "n", 0);
	return true;
}

/* How many of the newest records that are worth something does the journal not know? */
static enum err sample_read(struct db *db, struct arena *arena, enum collection in,
			    const char *field, const char *amount, int64_t *unknown)
{
	bson_t *look = DOC(arena, TEXT("from", collection_name(LEDGER)), TEXT("localField", "_id"),
			   TEXT("foreignField", field), LIST("pipeline", ITEM(INT("$limit", 1))),
			   TEXT("as", "rows"));
	bson_t *worth = DOC(arena, SUB(amount, INT("$gte", 1)));
	bson_t *stages = PIPELINE(arena, STAGE("$sort", INT("_id", -1)), ITEM(INT("$limit", 1000)),
				  ITEM(PART("$match", mark_ask(arena, in, worth))),
				  ITEM(PART("$lookup", look)), STAGE("$match", EMPTY_LIST("rows")),
				  ITEM(TEXT("$count", "n")));

	return db_aggregate(db, in, stages, NULL, count_take, unknown);
}

/* Somebody may have dropped the journal, or restored an older one. The audit names all; this is to be quick. */
enum err journal_check(const struct adoption_order *order, struct arena *arena)
{
	int64_t unknown = 0;
	enum err err = sample_read(order->db, arena, USERS, "user", "coins", &unknown);

	if (err == OK)
		err = sample_read(order->db, arena, TASKS, "task", "required_workers", &unknown);
	if (err == OK && unknown)
		fprintf(order->report,
			"The journal lacks %lld of the newest users and tasks: was it dropped, or "
			"restored from an older backup? microtaskctl audit names them.\n",
			(long long)unknown);
	return err;
}
