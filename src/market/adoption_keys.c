/*
 * Unique keys of old records. Where two would have the same one, the first gets it, by the order that each kind has
 * below, and the others are told; those of a kind are found by one aggregation over what the older server wrote, so a
 * dry run finds the same.
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
};

struct search;

/* One kind of key. */
struct key_kind {
	enum collection in;
	const char *field;
	enum rule rule; /* of those that go without */
	/* Groups of records that may share a key, as a pipeline; each {rows: […]}. */
	bson_t *(*groups)(struct arena *arena);
	/* Looks up what key and rank need to know of a group; may be NULL. */
	enum err (*look)(struct search *search, const bson_t *rows);
	const char *(*key)(struct search *search, const bson_t *row);
	int (*rank)(const struct search *search, const bson_t *row);
	const struct pass *pass; /* gives all the others theirs */
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
			.key = kind->key(search, &row),
			.created = created_at(&row),
			.rank = kind->rank(search, &row),
			.keyed = bson_has_field(&row, kind->field),
		};

		if (twin.key && doc_id(&row, "_id", &twin.id))
			twins[count++] = twin;
	}
	qsort(twins, count, sizeof *twins, twin_compare);
	return count;
}

static enum err key_give(struct search *search, const struct twin *twin)
{
	struct arena *arena = search->batch.arena;
	const char *field = search->kind->field;
	struct event event;

	if (twin->keyed || search->adoption->order->dry_run)
		return OK;
	event_start(&event, arena);
	event_update(
		&event, search->kind->in,
		DOC(arena, "_id", BCON_ID(&twin->id), field, "{", "$exists", BCON_BOOL(false), "}"),
		DOC(arena, "$set", "{", field, BCON_UTF8(twin->key), "}"), ERR_CONFLICT);
	enum err err = adoption_commit(search->adoption->order->db, &event);
	/* given meanwhile, to it or to another: the key is somebody's, which is all it is for */
	return err == ERR_CONFLICT ? OK : err;
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

	for (size_t i = 0; i < count && search->err == OK; i++) {
		if (!i || strcmp(twins[i - 1].key, twins[i].key))
			search->err = key_give(search, &twins[i]);
		else
			report_note(
				&search->adoption->report,
				&(struct note){ .rule = search->kind->rule, .id = twins[i].id });
	}
	arena_reset(arena);
	return search->err == OK;
}

static enum err keys_make(struct adoption *adoption, const struct key_kind *kind)
{
	struct arena *arena = arena_new();
	struct search search = { .adoption = adoption,
				 .kind = kind,
				 .batch = { .adoption = adoption, .arena = arena_new() } };
	enum err err =
		db_aggregate(adoption->order->db, kind->in, kind->groups(arena),
			     DOC(arena, "allowDiskUse", BCON_BOOL(true)), group_take, &search);

	arena_free(search.batch.arena);
	arena_free(arena);
	if (err == OK)
		err = search.err;
	if (err == OK && !adoption->order->dry_run)
		err = pass_run(adoption, kind->pass);
	return err;
}

/* Records of one _id, where there are several: {rows: [the fields]}; by is an expression. */
static bson_t *grouped(struct arena *arena, const bson_t *match, const bson_t *by,
		       const bson_t *fields)
{
	return DOC(arena, "0", "{", "$match", BCON_DOCUMENT(match), "}", "1", "{", "$group", "{",
		   "_id", BCON_DOCUMENT(by), "n", "{", "$sum", BCON_INT32(1), "}", "rows", "{",
		   "$push", BCON_DOCUMENT(fields), "}", "}", "}", "2", "{", "$match", "{", "n", "{",
		   "$gt", BCON_INT32(1), "}", "}", "}", "3", "{", "$sort", "{", "_id",
		   BCON_INT32(1), "}", "}");
}

/* The step of a pass that gives keys: no mark, as it was set before or will be. */
static void key_change(struct batch *batch, struct record *record, const struct key_kind *kind,
		       const char *key)
{
	if (!key)
		return;
	doc_unchanged(record->filter, record->doc, kind->field);
	event_update(&record->event, kind->in, record->filter,
		     DOC(batch->arena, "$set", "{", kind->field, BCON_UTF8(key), "}"),
		     ERR_CONFLICT);
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

static const char *email_text(struct arena *arena, const bson_t *user)
{
	const char *email = doc_text(user, "email");

	return email && *email ? email_fold(arena, email) : NULL;
}

static const char *email_key(struct search *search, const bson_t *user)
{
	return email_text(search->batch.arena, user);
}

static int no_rank(const struct search *search, const bson_t *record)
{
	(void)search;
	(void)record;
	return 0;
}

static void email_plan(struct batch *batch, struct record *record);

static const struct pass email_pass = {
	.doing = "users' e-mails",
	.in = USERS,
	.filter = "{\"email_key\": {\"$exists\": false}}",
	.plan = email_plan,
	.keys = true,
};

static const struct key_kind email_kind = {
	.in = USERS,
	.field = "email_key",
	.rule = RULE_USER_EMAIL_SHARED,
	.groups = email_groups,
	.key = email_key,
	.rank = no_rank,
	.pass = &email_pass,
};

static void email_plan(struct batch *batch, struct record *record)
{
	doc_unchanged(record->filter, record->doc, "email");
	key_change(batch, record, &email_kind, email_text(batch->arena, record->doc));
}

enum err email_keys(struct adoption *adoption)
{
	return keys_make(adoption, &email_kind);
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

static const char *slot_text(struct arena *arena, const struct id *worker, const struct id *task)
{
	return arena_printf(arena, "%s:%s", id_text(arena, worker), id_text(arena, task));
}

static const char *slot_key(struct search *search, const bson_t *submission)
{
	struct id worker, task;

	return id_read(submission, "task_id", &task) &&
			       people_owner(&search->people, submission, "worker_id",
					    "worker_email", &worker) ?
		       slot_text(search->batch.arena, &worker, &task) :
		       NULL;
}

static int slot_rank(const struct search *search, const bson_t *submission)
{
	const char *status = status_of(submission, "pending");
	bool pending = !strcmp(status, "pending") && search->kept;

	return !pending && strcmp(status, "approved");
}

static void slot_plan(struct batch *batch, struct record *record);

static const struct pass slot_pass = {
	.doing = "submissions' keys",
	.in = SUBMISSIONS,
	.filter = "{\"slot_key\": {\"$exists\": false}, \"worker_id\": {\"$exists\": true}}",
	.plan = slot_plan,
	.keys = true,
};

static const struct key_kind slot_kind = {
	.in = SUBMISSIONS,
	.field = "slot_key",
	.rule = RULE_WORK_TWICE,
	.groups = slot_groups,
	.look = slot_look,
	.key = slot_key,
	.rank = slot_rank,
	.pass = &slot_pass,
};

static void slot_plan(struct batch *batch, struct record *record)
{
	struct id worker, task;
	bool whole =
		doc_id(record->doc, "worker_id", &worker) && doc_id(record->doc, "task_id", &task);

	key_change(batch, record, &slot_kind,
		   whole ? slot_text(batch->arena, &worker, &task) : NULL);
}

enum err slot_keys(struct adoption *adoption)
{
	return keys_make(adoption, &slot_kind);
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

static const char *transaction_key(struct search *search, const bson_t *payment)
{
	return transaction_text(search->batch.arena, payment);
}

static int transaction_rank(const struct search *search, const bson_t *payment)
{
	(void)search;
	return strcmp(status_of(payment, "pending"), "completed") != 0;
}

static void transaction_plan(struct batch *batch, struct record *record);

static const struct pass transaction_pass = {
	.doing = "payments' keys",
	.in = PAYMENTS,
	.filter = "{\"txn_key\": {\"$exists\": false}}",
	.plan = transaction_plan,
	.keys = true,
};

static const struct key_kind transaction_kind = {
	.in = PAYMENTS,
	.field = "txn_key",
	.rule = RULE_PAYMENT_TWICE,
	.groups = transaction_groups,
	.key = transaction_key,
	.rank = transaction_rank,
	.pass = &transaction_pass,
};

static void transaction_plan(struct batch *batch, struct record *record)
{
	doc_unchanged(record->filter, record->doc, "transaction_id");
	key_change(batch, record, &transaction_kind, transaction_text(batch->arena, record->doc));
}

enum err transaction_keys(struct adoption *adoption)
{
	return keys_make(adoption, &transaction_kind);
}
