/* Records of a batch: finding one, noting which rules concern it, what all of its kind have in common. */
#include "migrate/adoption_private.h"

#include "base/count.h"

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

/* What the older server's schemas set by themselves. */
static const struct default_row {
	enum collection in;
	const char *field;
	enum { WHEN_MADE, NO, PENDING } value;
} defaults[] = {
	{ USERS, "createdAt", WHEN_MADE },	   { TASKS, "completion_date", WHEN_MADE },
	{ TASKS, "createdAt", WHEN_MADE },	   { TASKS, "updatedAt", WHEN_MADE },
	{ SUBMISSIONS, "status", PENDING },	   { SUBMISSIONS, "submitted_date", WHEN_MADE },
	{ SUBMISSIONS, "createdAt", WHEN_MADE },   { SUBMISSIONS, "updatedAt", WHEN_MADE },
	{ WITHDRAWALS, "status", PENDING },	   { WITHDRAWALS, "withdraw_date", WHEN_MADE },
	{ WITHDRAWALS, "createdAt", WHEN_MADE },   { WITHDRAWALS, "updatedAt", WHEN_MADE },
	{ PAYMENTS, "status", PENDING },	   { PAYMENTS, "payment_date", WHEN_MADE },
	{ PAYMENTS, "createdAt", WHEN_MADE },	   { PAYMENTS, "updatedAt", WHEN_MADE },
	{ NOTIFICATIONS, "isRead", NO },	   { NOTIFICATIONS, "archived", NO },
	{ NOTIFICATIONS, "createdAt", WHEN_MADE }, { NOTIFICATIONS, "updatedAt", WHEN_MADE },
};

static void default_set(struct record *record, const struct default_row *row)
{
	const bson_t *doc = record->doc;
	bson_iter_t at;

	if (row->value == WHEN_MADE)
		set_date(record->set, doc, row->field, created_at(doc));
	else if (row->value == PENDING && is_absent(doc, row->field))
		SET(record, TEXT(row->field, status_name(STATUS_PENDING)));
	else if (row->value == NO &&
		 !(bson_iter_init_find(&at, doc, row->field) && BSON_ITER_HOLDS_BOOL(&at)))
		SET(record, BOOL(row->field, false));
}

void defaults_set(struct record *record)
{
	enum collection in = record->batch->adoption->pass->in;

	for (size_t i = 0; i < COUNT_OF(defaults); i++)
		if (defaults[i].in == in && !bson_has_field(record->set, defaults[i].field))
			default_set(record, &defaults[i]);
}

void rejected_set(struct record *record, enum rule rule, const char *reason, const char *date)
{
	note(record, rule, 0);
	SET(record, STATUS(REJECTED), TEXT("rejection_reason", reason),
	    DATE(date, record->batch->call->now));
}

void rejected_tell(struct record *record, const struct id *worker, const bson_t *doc,
		   enum notice_kind kind, const char *what, const char *reason)
{
	notify(record->batch->call, &record->txn,
	       &(struct notice){
		       .user = worker,
		       .email = doc_text(doc, "worker_email"),
		       .kind = kind,
		       .page = kind == NOTICE_WITHDRAWAL ? PAGE_WORKER_WITHDRAWALS :
							   PAGE_WORKER_SUBMISSIONS,
		       .message = arena_printf(record->batch->arena,
					       "Your %s was rejected. Reason: %s", what, reason),
	       });
}
