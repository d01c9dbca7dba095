/* What the journal knows already, and the rows that adoption adds to it. */
#include "migrate/adoption_private.h"

#include "market/ledger.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

static const char *journal_key(struct arena *arena, const char *kind, const struct id *id)
{
	return arena_printf(arena, "%s:%s", kind, id_text(arena, id));
}

void journal_start(struct batch *batch)
{
	batch->journal.keys = doc_array_new(batch->arena);
	batch->journal.owners = doc_array_new(batch->arena);
}

void journal_want(struct batch *batch, const char *kind, const struct id *id)
{
	doc_array_text(&batch->journal.keys, journal_key(batch->arena, kind, id));
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

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
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
			id_set_add(arena, &journal->known, &id);
	id_set_sort(&journal->known);
	return OK;
}

static enum err keys_read(struct batch *batch)
{
	struct journal *journal = &batch->journal;
	struct arena *arena = batch->arena;

	journal->found = arena_alloc(arena, journal->keys.count * sizeof *journal->found);
	enum err err =
		db_each(batch->db, LEDGER, DOC(arena, SUB("_id", ARRAY("$in", journal->keys.doc))),
			DOC(arena, SUB("projection", INT("_id", 1))), row_take, batch);
	qsort(journal->found, journal->found_count, sizeof *journal->found, text_compare);
	return err;
}

enum err journal_read(struct batch *batch)
{
	enum err err = batch->journal.owners.count ? owners_read(batch) : OK;

	return err == OK && batch->journal.keys.count ? keys_read(batch) : err;
}

bool journal_knows(const struct batch *batch, const struct id *id)
{
	return id_set_has(&batch->journal.known, id);
}

bool journal_has(const struct batch *batch, const char *kind, const struct id *id)
{
	const struct journal *journal = &batch->journal;
	const char *key = journal_key(batch->arena, kind, id);

	return journal->found_count && bsearch(&key, journal->found, journal->found_count,
					       sizeof *journal->found, text_compare);
}

void open_account(struct batch *batch, struct record *record, const char *what,
		  struct account account, const struct id *user, const struct id *task,
		  int64_t coins)
{
	if (coins <= 0)
		return;
	ledger_note(batch->call, &record->txn,
		    &(struct transfer){
			    .key = arena_printf(batch->arena, "opening:%s:%s", what,
						id_text(batch->arena, &record->id)),
			    .from = { .kind = ACCOUNT_OPENING },
			    .to = account,
			    .coins = coins,
			    .kind = "opening",
			    .user = user,
			    .task = task,
			    .taken = ERR_CONFLICT,
		    });
}

/* The same row that a withdrawal asked for with us begins with. */
void hold_account(struct batch *batch, struct record *record, const struct id *worker,
		  const struct id *withdrawal, int64_t coins)
{
	struct arena *arena = batch->arena;

	ledger_note(batch->call, &record->txn,
		    &(struct transfer){
			    .key = journal_key(arena, "hold", withdrawal),
			    .from = account_user(worker),
			    .to = account_held(withdrawal),
			    .coins = coins,
			    .kind = "hold",
			    .user = worker,
			    .taken = ERR_CONFLICT,
		    });
}
