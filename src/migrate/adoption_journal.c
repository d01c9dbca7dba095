/* What the journal knows already, and the rows that adoption adds to it. */
#include "migrate/adoption_private.h"

#include <stdlib.h>
#include <string.h>

struct journal {
	struct doc_array keys; /* of rows to look for */
	const char *field; /* "user" or "task": the member of rows that … */
	struct doc_array owners; /* … is one of these, to look for */
	const char **found; /* keys of rows, and owners as if they were such; sorted */
	size_t found_count;
};

static const char *journal_key(const struct batch *batch, const char *kind, const struct id *id)
{
	return arena_printf(batch->arena, "%s:%s", kind, id_text(batch->arena, id));
}

static struct journal *journal_of(struct batch *batch)
{
	struct arena *arena = batch->arena;

	if (!batch->journal) {
		batch->journal = arena_alloc(arena, sizeof *batch->journal);
		batch->journal->keys = doc_array_new(arena);
		batch->journal->owners = doc_array_new(arena);
	}
	return batch->journal;
}

void journal_want(struct batch *batch, const char *kind, const struct id *id)
{
	doc_array_text(&journal_of(batch)->keys, journal_key(batch, kind, id));
}

void journal_want_owner(struct batch *batch, const char *field, const struct id *id)
{
	journal_of(batch)->field = field;
	doc_array_id(&journal_of(batch)->owners, id);
}

static bool row_take(void *context, const bson_t *row)
{
	struct batch *batch = context;
	const char *key = doc_text(row, "_id");

	if (key)
		batch->journal->found[batch->journal->found_count++] =
			arena_text(batch->arena, key);
	return true;
}

/* The server leaps from one owner's rows to the next one's. */
static enum err owners_read(struct batch *batch, struct journal *journal)
{
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
	struct journal *journal = journal_of(batch);
	struct arena *arena = batch->arena;
	size_t most = journal->keys.count + journal->owners.count;
	enum err err = OK;

	journal->found = arena_alloc(arena, (most + 1) * sizeof *journal->found);
	if (journal->owners.count)
		err = owners_read(batch, journal);
	if (err == OK && journal->keys.count)
		err = db_each(batch->db, LEDGER,
			      DOC(arena, SUB("_id", ARRAY("$in", journal->keys.doc))),
			      DOC(arena, SUB("projection", INT("_id", 1))), row_take, batch);
	qsort(journal->found, journal->found_count, sizeof *journal->found, text_compare);
	return err;
}

bool journal_has(const struct batch *batch, const char *kind_or_field, const struct id *id)
{
	const struct journal *journal = batch->journal;

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
	ledger_note(record->batch->call, &record->txn,
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

/* The same row that a withdrawal asked for with us begins with. */
void hold_account(struct record *record, const struct id *worker, const struct id *withdrawal,
		  int64_t coins)
{
	ledger_note(record->batch->call, &record->txn,
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
