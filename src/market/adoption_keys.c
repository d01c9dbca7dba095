/*
 * Unique keys of old records. Where two would have the same one, the first gets it, by the order that each kind has
 * below, and the others are noted and told; those of a kind are found by one aggregation over what bears no mark, so a
 * dry run finds the same. Whoever has it already in the books keeps it.
 */
#include "market/adoption_private.h"

#include "store/doc.h"

#include <stdlib.h>
#include <string.h>

/* ---- duplicates ---- */

struct twin {
	struct id id;
	const char *key; /* what it would get; NULL: none */
	int64_t created;
	int rank; /* the lowest comes first; of equals, the oldest */
	bool keyed; /* has it already */
	const char *email; /* of a user */
};

struct search;

/* One kind of key. */
struct key_kind {
	enum collection in;
	const struct unique_key *key;
	/* Groups of records that may share a key, as a pipeline; each {rows: […]}. */
	bson_t *(*groups)(struct arena *arena);
	/* Looks up what key and rank need to know of a group; may be NULL. */
	enum err (*look)(struct search *search, const bson_t *rows);
	const char *(*text)(struct search *search, const bson_t *row);
	int (*rank)(const struct search *search, const bson_t *row);
	/* Told those of one group, in their order; may be NULL. */
	void (*told)(struct search *search, const struct twin *twins, size_t count);
};

struct search {
	struct adoption *adoption;
	const struct key_kind *kind;
	struct batch batch;
	struct people people; /* the group's */
	bool kept; /* what is pending in the group stays so */
	enum err err;
};

static int twin_compare(const void *a, const void *b)
{
	const struct twin *one = a, *other = b;
	int order = strcmp(one->key, other->key);

	if (!order)
		order = other->keyed - one->keyed;
	if (!order)
		order = one->rank - other->rank;
	return order ? order : age_compare(one->created, &one->id, other->created, &other->id);
}

static size_t twins_read(struct search *search, const bson_t *rows, struct twin *twins)
{
	const struct key_kind *kind = search->kind;
	size_t count = 0;
	bson_iter_t at;
	bson_t row;

	bson_iter_init(&at, rows);
	while (bson_iter_next(&at) && doc_part(rows, bson_iter_key(&at), &row)) {
		struct twin twin = {
			.key = kind->text(search, &row),
			.created = created_at(&row),
			.rank = kind->rank(search, &row),
			.keyed = bson_has_field(&row, kind->key->field),
			.email = doc_text(&row, "email"),
		};

		if (twin.key && doc_id(&row, "_id", &twin.id))
			twins[count++] = twin;
	}
	qsort(twins, count, sizeof *twins, twin_compare);
	return count;
}

static void keyless_add(struct adoption *adoption, enum collection in, const struct unique_key *key,
			const struct id *id)
{
	id_set_add(adoption->arena, &adoption->keyless[in], id);
	report_note(&adoption->report, &(struct note){ .rule = key->rule, .id = *id });
}

static bool group_take(void *context, const bson_t *group)
{
	struct search *search = context;
	struct arena *arena = search->batch.arena;
	bson_t rows;

	if (!doc_part(group, "rows", &rows))
		return true;
	if (search->kind->look)
		search->err = search->kind->look(search, &rows);
	struct twin *twins = arena_alloc(arena, bson_count_keys(&rows) * sizeof *twins);
	size_t count = search->err == OK ? twins_read(search, &rows, twins) : 0;

	for (size_t i = 1; i < count; i++)
		if (!strcmp(twins[i - 1].key, twins[i].key))
			keyless_add(search->adoption, search->kind->in, search->kind->key,
				    &twins[i].id);
	if (search->kind->told)
		search->kind->told(search, twins, count);
	arena_reset(arena);
	return search->err == OK;
}

static enum err twins_search(struct adoption *adoption, const struct key_kind *kind)
{
	struct arena *arena = arena_new();
	struct search search = { .adoption = adoption,
				 .kind = kind,
				 .batch = { .adoption = adoption, .arena = arena_new() } };
	enum err err =
		db_aggregate(adoption->order->db, kind->in, kind->groups(arena),
			     DOC(arena, "allowDiskUse", BCON_BOOL(true)), group_take, &search);

	id_set_sort(&adoption->keyless[kind->in]);
	arena_free(search.batch.arena);
	arena_free(arena);
	return err == OK ? search.err : err;
}

/* Of what bears no mark, records of one _id, where there are several: {rows: [the fields]}; by is an expression. */
static bson_t *grouped(struct arena *arena, bson_t *match, const bson_t *by, const bson_t *fields)
{
	BSON_APPEND_NULL(match, MARK);
	return DOC(arena, "0", "{", "$match", BCON_DOCUMENT(match), "}", "1", "{", "$group", "{",
		   "_id", BCON_DOCUMENT(by), "n", "{", "$sum", BCON_INT32(1), "}", "rows", "{",
		   "$push", BCON_DOCUMENT(fields), "}", "}", "}", "2", "{", "$match", "{", "n", "{",
		   "$gt", BCON_INT32(1), "}", "}", "}", "3", "{", "$sort", "{", "_id",
		   BCON_INT32(1), "}", "}");
}

/* ---- choosing ---- */

struct holders {
	struct batch *batch;
	const struct pass *pass;
};

/* Somebody has the key: all others of the batch go without. */
static bool holder_take(void *context, const bson_t *holder)
{
	const struct holders *holders = context;
	struct batch *batch = holders->batch;
	const struct unique_key *key = holders->pass->key;
	const char *held = doc_text(holder, key->field);
	struct id id = doc_own_id(holder);

	for (size_t i = 0; i < batch->count && held; i++) {
		struct record *record = &batch->records[i];

		if (!record->key || strcmp(record->key, held) || id_equal(&record->id, &id))
			continue;
		record->key = NULL;
		note(batch, record, key->rule, 0);
	}
	return true;
}

enum err keys_choose(struct batch *batch, const struct pass *pass)
{
	struct arena *arena = batch->arena;
	struct doc_array keys = doc_array_new(arena);
	struct adoption *adoption = batch->adoption;

	for (size_t i = 0; pass->key && i < batch->count; i++) {
		struct record *record = &batch->records[i];

		if (bson_has_field(record->doc, pass->key->field) ||
		    id_set_has(&adoption->keyless[pass->in], &record->id))
			continue;
		record->key = pass->key->text(batch, record);
		if (record->key)
			doc_array_text(&keys, record->key);
	}
	/* before there are our indexes, nobody has a key */
	if (!keys.count || (adoption->order->dry_run && !adoption->order->late))
		return OK;
	return db_each(adoption->order->db, pass->in,
		       DOC(arena, pass->key->field, "{", "$in", BCON_ARRAY(keys.doc), "}"),
		       DOC(arena, "projection", "{", pass->key->field, BCON_INT32(1), "}"),
		       holder_take, &(struct holders){ batch, pass });
}

/* ---- users.email_key: the oldest account of an address ---- */

static bson_t *email_groups(struct arena *arena)
{
	return grouped(arena, DOC(arena, "email", "{", "$type", BCON_UTF8("string"), "}"),
		       fold_of(arena, "$email"),
		       DOC(arena, "_id", BCON_UTF8("$_id"), "email", BCON_UTF8("$email"),
			   "createdAt", BCON_UTF8("$createdAt"), "email_key",
			   BCON_UTF8("$email_key")));
}

static const char *email_key(struct search *search, const bson_t *user)
{
	return email_key_text(search->batch.arena, user);
}

static int no_rank(const struct search *search, const bson_t *record)
{
	(void)search;
	(void)record;
	return 0;
}

/* Of those that differ by blanks alone the first is trimmed. */
static void email_told(struct search *search, const struct twin *twins, size_t count)
{
	struct arena *arena = search->batch.arena;
	struct id_set *untrimmed = &search->adoption->untrimmed;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i && email_has_blanks(arena, twins[i].email); k++)
			if (!strcmp(email_trim(arena, twins[k].email),
				    email_trim(arena, twins[i].email))) {
				id_set_add(search->adoption->arena, untrimmed, &twins[i].id);
				break;
			}
}

static const struct key_kind email_kind = {
	.in = USERS,
	.key = &email_unique,
	.groups = email_groups,
	.text = email_key,
	.rank = no_rank,
	.told = email_told,
};

enum err email_twins(struct adoption *adoption)
{
	enum err err = twins_search(adoption, &email_kind);

	id_set_sort(&adoption->untrimmed);
	return err;
}

/* ---- submissions.slot_key: pending or approved ones before others, then the oldest ---- */

static bson_t *slot_groups(struct arena *arena)
{
	/* some name their task by text */
	bson_t *task = DOC(arena, "$toLower", "{", "$convert", "{", "input", BCON_UTF8("$task_id"),
			   "to", BCON_UTF8("string"), "onError", BCON_UTF8(""), "onNull",
			   BCON_UTF8(""), "}", "}");

	return grouped(arena, DOC(arena, NULL),
		       DOC(arena, "task", BCON_DOCUMENT(task), "worker",
			   BCON_DOCUMENT(fold_of(arena, "$worker_email"))),
		       DOC(arena, "_id", BCON_UTF8("$_id"), "task_id", BCON_UTF8("$task_id"),
			   "worker_id", BCON_UTF8("$worker_id"), "worker_email",
			   BCON_UTF8("$worker_email"), "status", BCON_UTF8("$status"), "createdAt",
			   BCON_UTF8("$createdAt"), "slot_key", BCON_UTF8("$slot_key")));
}

/* All of a group are for one task. */
static enum err slot_look(struct search *search, const bson_t *rows)
{
	struct arena *arena = search->batch.arena;
	struct people *people = &search->people;
	const bson_t *task = NULL;
	struct id id;
	bson_iter_t at;
	bson_t row;
	enum err err = OK;

	people_start(people, &search->batch, arena);
	bson_iter_init(&at, rows);
	while (bson_iter_next(&at) && doc_part(rows, bson_iter_key(&at), &row)) {
		people_want_owner(people, &row, "worker_id", "worker_email");
		if (!task && err == OK && id_read(&row, "task_id", &id))
			err = db_find_id(search->adoption->order->db, arena, TASKS, &id, &task);
	}
	if (task)
		task_facts_want(people, task);
	if (err == OK)
		err = people_read(people);
	search->kept = err == OK && task && task_facts_of(people, task).keeps_work;
	return err;
}

const char *slot_key_text(struct arena *arena, const struct id *worker, const struct id *task)
{
	return arena_printf(arena, "%s:%s", id_text(arena, worker), id_text(arena, task));
}

static const char *slot_text(struct search *search, const bson_t *submission)
{
	struct id worker, task;

	return id_read(submission, "task_id", &task) &&
			       people_owner(&search->people, submission, "worker_id",
					    "worker_email", &worker) ?
		       slot_key_text(search->batch.arena, &worker, &task) :
		       NULL;
}

static int slot_rank(const struct search *search, const bson_t *submission)
{
	const char *status = status_of(submission, "pending");
	bool pending = !strcmp(status, "pending") && search->kept;

	return !pending && strcmp(status, "approved");
}

static const struct key_kind slot_kind = {
	.in = SUBMISSIONS,
	.key = &slot_key,
	.groups = slot_groups,
	.look = slot_look,
	.text = slot_text,
	.rank = slot_rank,
};

enum err slot_twins(struct adoption *adoption)
{
	return twins_search(adoption, &slot_kind);
}

/* ---- payments.txn_key: completed ones before others, then the oldest ---- */

static bson_t *transaction_groups(struct arena *arena)
{
	return grouped(arena, DOC(arena, "transaction_id", "{", "$type", BCON_UTF8("string"), "}"),
		       DOC(arena, "transaction", BCON_UTF8("$transaction_id")),
		       DOC(arena, "_id", BCON_UTF8("$_id"), "transaction_id",
			   BCON_UTF8("$transaction_id"), "status", BCON_UTF8("$status"),
			   "createdAt", BCON_UTF8("$createdAt"), "txn_key", BCON_UTF8("$txn_key")));
}

static const char *transaction_text(struct arena *arena, const bson_t *payment)
{
	const char *transaction = doc_text(payment, "transaction_id");

	return transaction && *transaction ? arena_text(arena, transaction) : NULL;
}

static const char *transaction_of(struct search *search, const bson_t *payment)
{
	return transaction_text(search->batch.arena, payment);
}

static int transaction_rank(const struct search *search, const bson_t *payment)
{
	(void)search;
	return strcmp(status_of(payment, "pending"), "completed") != 0;
}

static const char *record_transaction(struct batch *batch, const struct record *record)
{
	return transaction_text(batch->arena, record->doc);
}

const struct unique_key transaction_key = {
	.field = "txn_key",
	.rule = RULE_PAYMENT_TWICE,
	.text = record_transaction,
};

static const struct key_kind transaction_kind = {
	.in = PAYMENTS,
	.key = &transaction_key,
	.groups = transaction_groups,
	.text = transaction_of,
	.rank = transaction_rank,
};

enum err transaction_twins(struct adoption *adoption)
{
	return twins_search(adoption, &transaction_kind);
}
