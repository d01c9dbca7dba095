/* What the journal knows already, and the rows that adoption adds to it. */
#include "market/adoption_private.h"

#include "market/ledger.h"
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

static const char *journal_key(struct arena *arena, const char *kind, const struct id *id)
{
	return arena_printf(arena, "%s:%s", kind, id_text(arena, id));
}

void journal_start(struct journal *journal, struct batch *batch)
{
	*journal = (struct journal){ .batch = batch,
				     .keys = doc_array_new(batch->arena),
				     .owners = doc_array_new(batch->arena) };
}

struct journal *journal_new(struct batch *batch)
{
	struct journal *journal = arena_alloc(batch->arena, sizeof *journal);

	journal_start(journal, batch);
	return journal;
}

void journal_want(struct journal *journal, const char *kind, const struct id *id)
{
	doc_array_text(&journal->keys, journal_key(journal->batch->arena, kind, id));
}

void journal_want_owner(struct journal *journal, const char *field, const struct id *id)
{
	journal->field = field;
	doc_array_id(&journal->owners, id);
}

static bool row_take(void *context, const bson_t *row)
{
	struct journal *journal = context;
	const char *key = doc_text(row, "_id");

	if (key)
		journal->found[journal->found_count++] = arena_text(journal->batch->arena, key);
	return true;
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void known_take(struct journal *journal, const bson_t *values)
{
	bson_iter_t at;
	struct id id;

	bson_iter_init(&at, values);
	while (bson_iter_next(&at)) {
		if (!BSON_ITER_HOLDS_OID(&at))
			continue;
		memcpy(id.bytes, bson_iter_oid(&at)->bytes, sizeof id.bytes);
		id_set_add(journal->batch->arena, &journal->known, &id);
	}
	id_set_sort(&journal->known);
}

/* The server leaps from one owner's rows to the next one's. */
static enum err owners_read(struct journal *journal)
{
	struct arena *arena = journal->batch->arena;
	const bson_t *reply;
	bson_t values;

	if (!journal->owners.count)
		return OK;
	enum err err = db_read(journal->batch->db, arena,
			       DOC(arena, "distinct", BCON_UTF8(collection_name(LEDGER)), "key",
				   BCON_UTF8(journal->field), "query", "{", journal->field, "{",
				   "$in", BCON_ARRAY(journal->owners.doc), "}", "}"),
			       &reply);
	if (err == OK && doc_part(reply, "values", &values))
		known_take(journal, &values);
	return err;
}

static enum err keys_read(struct journal *journal)
{
	struct arena *arena = journal->batch->arena;

	if (!journal->keys.count)
		return OK;
	journal->found = arena_alloc(arena, journal->keys.count * sizeof *journal->found);
	enum err err = db_each(journal->batch->db, LEDGER,
			       DOC(arena, "_id", "{", "$in", BCON_ARRAY(journal->keys.doc), "}"),
			       DOC(arena, "projection", "{", "_id", BCON_INT32(1), "}"), row_take,
			       journal);
	qsort(journal->found, journal->found_count, sizeof *journal->found, text_compare);
	return err;
}

enum err journal_read(struct journal *journal)
{
	enum err err = owners_read(journal);

	return err == OK ? keys_read(journal) : err;
}

bool journal_knows(const struct journal *journal, const struct id *id)
{
	return id_set_has(&journal->known, id);
}

bool journal_has(const struct journal *journal, const char *kind, const struct id *id)
{
	const char *key = journal_key(journal->batch->arena, kind, id);

	return journal->found_count && bsearch(&key, journal->found, journal->found_count,
					       sizeof *journal->found, text_compare);
}

void open_account(struct batch *batch, struct record *record, const char *what, const char *account,
		  const struct id *user, const struct id *task, int64_t coins)
{
	if (coins <= 0)
		return;
	ledger_note(batch->call, &record->event,
		    &(struct transfer){
			    .key = arena_printf(batch->arena, "opening:%s:%s", what,
						id_text(batch->arena, &record->id)),
			    .from = ACCOUNT_OPENING,
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

	ledger_note(batch->call, &record->event,
		    &(struct transfer){
			    .key = journal_key(arena, "hold", withdrawal),
			    .from = account_user(arena, worker),
			    .to = account_held(arena, withdrawal),
			    .coins = coins,
			    .kind = "hold",
			    .user = worker,
			    .taken = ERR_CONFLICT,
		    });
}
