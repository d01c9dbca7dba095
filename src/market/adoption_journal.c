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
	*journal = (struct journal){ .batch = batch, .keys = doc_array_new(batch->arena) };
}

void journal_want(struct journal *journal, const char *kind, const struct id *id)
{
	doc_array_text(&journal->keys, journal_key(journal->batch->arena, kind, id));
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

enum err journal_read(struct journal *journal)
{
	struct arena *arena = journal->batch->arena;

	if (!journal->keys.count)
		return OK;
	journal->found = arena_alloc(arena, journal->keys.count * sizeof *journal->found);
	enum err err = db_each(journal->batch->adoption->order->db, LEDGER,
			       DOC(arena, "_id", "{", "$in", BCON_ARRAY(journal->keys.doc), "}"),
			       DOC(arena, "projection", "{", "_id", BCON_INT32(1), "}"), row_take,
			       journal);
	qsort(journal->found, journal->found_count, sizeof *journal->found, text_compare);
	return err;
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
	ledger_move(batch->call, &record->event,
		    &(struct transfer){
			    .key = arena_printf(batch->arena, "opening:%s:%s", what,
						id_text(batch->arena, &record->id)),
			    .from = ACCOUNT_OPENING,
			    .to = account,
			    .coins = coins,
			    .kind = "opening",
			    .user = user,
			    .task = task,
		    },
		    ERR_CONFLICT);
}
