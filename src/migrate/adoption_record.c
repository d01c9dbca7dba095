/* Records of a batch: finding one, noting which rules concern it, what all of its kind have in common. */
#include "migrate/adoption_private.h"

#include <string.h>

/* They were read in the order of their _id, in which ObjectIds stand together. */
struct record *record_of(const struct batch *batch, const struct id *id)
{
	size_t first = 0, end = batch->count;

	while (first < end && !batch->records[first].has_id)
		first++;
	while (first < end && !batch->records[end - 1].has_id)
		end--;
	return row_find(batch->records + first, end - first, sizeof *batch->records, id);
}

bool record_is(const struct record *record, enum status status)
{
	return !strcmp(record->status, status_name(status));
}

/* ---- notes ---- */

void note_id(struct record *record, enum rule rule, const struct id *id, int64_t coins)
{
	record->notes = arena_grow(record->batch->arena, record->notes, record->note_count,
				   &record->note_room, sizeof *record->notes);
	record->notes[record->note_count++] = (struct note){ rule, *id, coins };
}

void note(struct record *record, enum rule rule, int64_t coins)
{
	note_id(record, rule, &record->id, coins);
}

void note_if(bool concerned, struct record *record, enum rule rule)
{
	if (concerned)
		note(record, rule, 0);
}

/* ---- fields ---- */

static void date_set(struct record *record, const char *field)
{
	if (!bson_has_field(record->set, field))
		set_date(record->set, record->doc, field, created_at(record->doc));
}

static void coins_set(struct record *record, const struct coins_field *coins)
{
	struct amount amount = amount_read(record->doc, coins->field, coins->most);

	if (!amount.there && coins->older)
		amount = amount_read(record->doc, coins->older, coins->most);
	SET(record, WHOLE(coins->field, amount.value));
	note_if(amount.floored, record, coins->floored);
	note_if(!amount.good, record, coins->bad);
}

void fields_set(struct record *record)
{
	const struct pass *pass = record->batch->adoption->pass;

	if (record->owner)
		SET(record, ID(pass->owner[0], &record->owner->id));
	if (record->key)
		SET(record, TEXT(pass->key->field, record->key));
	if (pass->coins.field && !bson_has_field(record->set, pass->coins.field))
		coins_set(record, &pass->coins);
	if (pass->status && !bson_has_field(record->set, "status") &&
	    is_absent(record->doc, "status"))
		SET(record, TEXT("status", pass->status));
	if (pass->date)
		date_set(record, pass->date);
	date_set(record, "createdAt");
	if (pass->in != USERS)
		date_set(record, "updatedAt");
}

void reject(struct record *record, enum rule rule, const char *reason, const char *date)
{
	note(record, rule, 0);
	SET(record, STATUS(REJECTED), TEXT("rejection_reason", reason),
	    DATE(date, record->batch->call.now));
}

void rejected_tell(struct record *record, const struct id *worker, const bson_t *doc,
		   const char *what, const char *reason)
{
	bool is_work = record->batch->adoption->pass->in == SUBMISSIONS;

	notify(&record->batch->call, &record->txn,
	       &(struct notice){
		       .user = worker,
		       .email = doc_text(doc, "worker_email"),
		       .kind = is_work ? NOTICE_REJECTION : NOTICE_WITHDRAWAL,
		       .page = is_work ? PAGE_WORKER_SUBMISSIONS : PAGE_WORKER_WITHDRAWALS,
		       .message = arena_printf(record->batch->arena,
					       "Your %s was rejected. Reason: %s", what, reason),
	       });
}
