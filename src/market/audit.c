#include "market/audit.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "market/ledger.h"
#include "market/status.h"
#include "store/doc.h"
#include "store/snapshot.h"

#include <string.h>

/* One result in the order of its ids, and its row that comes next. */
struct stream {
	struct rows *rows;
	const bson_t *next; /* NULL: to be read */
	struct id id; /* of next */
	bool ended;
};

/* One account of the journal, or two: a user's coins and what their withdrawals hold stand together. */
struct balance {
	struct id id;
	bool known; /* its name holds an id */
	int64_t coins, held;
};

struct books {
	struct snapshot *snapshot;
	struct arena *arena;
	struct audit *audit;
	struct stream tasks, pending, users;
};

/* ---- sums ---- */

/* Sums beyond int64 are wrong whatever they are; they stay large instead of wrapping to something plausible. */
static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return a > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

static int64_t times(int64_t a, int64_t b)
{
	int64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return (a > 0) == (b > 0) ? INT64_MAX : INT64_MIN;
	return product;
}

static void difference_add(struct audit *audit, const char *kind, const struct id *id,
			   int64_t expected, int64_t found)
{
	audit->balanced = false;
	if (audit->difference_count == AUDIT_DIFFERENCES_MAX)
		return;
	audit->differences[audit->difference_count++] = (struct audit_difference){
		.kind = kind,
		.id = *id,
		.expected = expected,
		.found = found,
	};
}

static void compare(struct audit *audit, const char *kind, const struct id *id, int64_t expected,
		    int64_t found)
{
	if (expected != found)
		difference_add(audit, kind, id, expected, found);
}

/* ---- what is read ---- */

/* Whose coins an account's are: "held:<withdrawal>" counts for the row's user, every other for itself. */
static bson_t *owner_of(struct arena *arena, const char *account)
{
	return DOC(arena,
		   LIST("$cond",
			ITEM(LIST("$and",
				  ITEM(LIST("$eq",
					    ITEM(LIST("$substrBytes", BCON_UTF8(account),
						      BCON_INT32(0), BCON_INT32(5))),
					    BCON_UTF8("held:"))),
				  ITEM(LIST("$eq", ITEM(TEXT("$type", "$user")),
					    BCON_UTF8("objectId"))))),
			ITEM(LIST("$concat", BCON_UTF8("user:"), ITEM(TEXT("$toString", "$user")))),
			BCON_UTF8(account)));
}

/* One side of a journal row. */
static bson_t *side(struct arena *arena, const char *account, int32_t sign)
{
	return DOC(arena, PART("of", owner_of(arena, account)), TEXT("name", account),
		   SUB("coins", LIST("$multiply", BCON_UTF8("$coins"), BCON_INT32(sign))));
}

/* The balance of every account: {_id: "user:<id>", coins, held}, in the order of names. */
static struct rows *accounts_read(struct snapshot *snapshot, struct arena *arena)
{
	bson_t *is_held = DOC(arena, LIST("$eq",
					  ITEM(LIST("$substrBytes", BCON_UTF8("$sides.name"),
						    BCON_INT32(0), BCON_INT32(5))),
					  BCON_UTF8("held:")));
	bson_t *pipeline = PIPELINE(
		arena,
		STAGE("$project", LIST("sides", BCON_DOCUMENT(side(arena, "$from", -1)),
				       BCON_DOCUMENT(side(arena, "$to", 1)))),
		ITEM(TEXT("$unwind", "$sides")),
		STAGE("$group", TEXT("_id", "$sides.of"),
		      SUB("coins", SUB("$sum", LIST("$cond", BCON_DOCUMENT(is_held), BCON_INT32(0),
						    BCON_UTF8("$sides.coins")))),
		      SUB("held", SUB("$sum", LIST("$cond", BCON_DOCUMENT(is_held),
						   BCON_UTF8("$sides.coins"), BCON_INT32(0))))),
		STAGE("$sort", INT("_id", 1)));

	return snapshot_aggregate(snapshot, LEDGER, pipeline);
}

/* How many submissions are pending for each task: {_id, n}, in the order of tasks. */
static struct rows *pending_read(struct snapshot *snapshot, struct arena *arena)
{
	return snapshot_aggregate(
		snapshot, SUBMISSIONS,
		PIPELINE(arena, STAGE("$match", STATUS(PENDING)),
			 STAGE("$group", TEXT("_id", "$task_id"), SUB("n", INT("$sum", 1))),
			 STAGE("$sort", INT("_id", 1))));
}

static struct rows *records_read(struct snapshot *snapshot, struct arena *arena, enum collection in,
				 const char *first, const char *second)
{
	return snapshot_find(snapshot, in, DOC(arena, NULL),
			     DOC(arena, SUB("sort", INT("_id", 1)),
				 SUB("projection", INT(first, 1), INT(second, 1), INT(MARK, 1))));
}

/* ---- merging ---- */

/* Reads the next row unless one is there already; false at the end. An _id that is not an ObjectId counts as
 * the lowest of all, as MongoDB sorts it before them. */
static bool stream_peek(struct stream *stream)
{
	if (stream->next || stream->ended)
		return !stream->ended;
	stream->next = rows_next(stream->rows);
	stream->ended = !stream->next;
	if (stream->next && !doc_id(stream->next, "_id", &stream->id))
		memset(&stream->id, 0, sizeof stream->id);
	return !stream->ended;
}

static int64_t pending_of(struct books *books, const struct id *task)
{
	struct stream *pending = &books->pending;

	while (stream_peek(pending)) {
		int order = id_compare(&pending->id, task);

		if (order == 0)
			return doc_whole(pending->next, "n", 0);
		if (order > 0)
			return 0;
		pending->next = NULL;
	}
	return 0;
}

static void task_compare(struct books *books, const bson_t *task, const struct balance *expected)
{
	struct audit *audit = books->audit;
	int64_t slots =
		plus(doc_whole(task, "required_workers", 0), pending_of(books, &expected->id));
	int64_t escrow = times(slots, doc_whole(task, "payable_amount", 0));

	audit->tasks++;
	audit->escrow = plus(audit->escrow, escrow);
	compare(audit, is_marked(task) ? "escrow" : "missing", &expected->id, expected->coins,
		escrow);
}

static void user_compare(struct books *books, const bson_t *user, const struct balance *expected)
{
	struct audit *audit = books->audit;
	int64_t coins = doc_whole(user, "coins", 0), held = doc_whole(user, "pending_coins", 0);

	audit->users++;
	audit->coins = plus(audit->coins, coins);
	audit->pending_coins = plus(audit->pending_coins, held);
	if (!is_marked(user)) {
		compare(audit, "missing", &expected->id, plus(expected->coins, expected->held),
			plus(coins, held));
		return;
	}
	compare(audit, "coins", &expected->id, expected->coins, coins);
	compare(audit, "pending_coins", &expected->id, expected->held, held);
}

typedef void (*record_compare)(struct books *books, const bson_t *record,
			       const struct balance *expected);

/* Compares all records up to the account's; those before it have none, and should be worth nothing. Without an account:
 * all that are left. false when the account's own record does not exist. */
static bool records_until(struct books *books, struct stream *records, record_compare compare_one,
			  const struct balance *account)
{
	while (stream_peek(records)) {
		int order = account ? id_compare(&records->id, &account->id) : -1;

		if (order > 0)
			return false;
		compare_one(books, records->next,
			    order == 0 ? account : &(struct balance){ .id = records->id });
		records->next = NULL;
		if (order == 0)
			return true;
	}
	return false;
}

static void missing_add(struct books *books, const struct balance *account)
{
	compare(books->audit, "missing", &account->id, account->coins, 0);
	compare(books->audit, "missing", &account->id, account->held, 0);
}

/* An account without a document of its own: its balance is one of the sums. */
static bool total_take(struct audit *audit, const char *name, int64_t balance)
{
	const struct {
		enum account_kind kind;
		int64_t *sum;
		int64_t sign;
	} totals[] = {
		{ ACCOUNT_OPENING, &audit->opening, -1 },
		{ ACCOUNT_GRANTS, &audit->bonuses, -1 },
		{ ACCOUNT_SALES, &audit->purchases, -1 },
		{ ACCOUNT_ADJUSTMENTS, &audit->adjustments, -1 },
		{ ACCOUNT_PAYOUTS, &audit->payouts, 1 },
		{ ACCOUNT_FORFEITS, &audit->forfeits, 1 },
		{ ACCOUNT_REVERSALS, &audit->reversals, 1 },
	};

	for (size_t i = 0; i < COUNT_OF(totals); i++) {
		if (strcmp(name, account_prefix(totals[i].kind)))
			continue;
		*totals[i].sum = times(balance, totals[i].sign);
		return true;
	}
	return false;
}

/* Names are sorted as texts and merged by id, which agree as long as ids are written in lower case, as ours are. */
static bool named(const char *name, const char *prefix, struct id *id)
{
	size_t length = strlen(prefix);
	char hex[ID_HEX_LENGTH + 1];

	if (strncmp(name, prefix, length) || !id_parse(name + length, strlen(name + length), id))
		return false;
	id_hex(id, hex);
	return !strcmp(name + length, hex);
}

/* The names come sorted: all escrow accounts in the order of tasks, and later all users. */
static void account_take(struct books *books, const bson_t *row)
{
	const char *name = doc_text(row, "_id");
	struct balance account = { .coins = doc_whole(row, "coins", 0),
				   .held = doc_whole(row, "held", 0) };
	bool found = false;

	if (!name)
		name = "";
	if (named(name, account_prefix(ACCOUNT_ESCROW), &account.id))
		found = records_until(books, &books->tasks, task_compare, &account);
	else if (named(name, account_prefix(ACCOUNT_USER), &account.id))
		found = records_until(books, &books->users, user_compare, &account);
	else
		found = total_take(books->audit, name, account.coins);
	if (!found)
		missing_add(books, &account);
}

static bool sums_agree(const struct audit *audit)
{
	int64_t here = plus(plus(audit->coins, audit->pending_coins), audit->escrow);
	int64_t came = plus(plus(audit->opening, audit->bonuses),
			    plus(audit->purchases, audit->adjustments));

	int64_t left = plus(plus(audit->payouts, audit->forfeits), audit->reversals);

	return plus(here, left) == came;
}

static void books_read(struct books *books)
{
	struct snapshot *snapshot = books->snapshot;
	struct arena *arena = books->arena;
	struct rows *accounts = accounts_read(snapshot, arena);
	const bson_t *row;

	books->tasks.rows =
		records_read(snapshot, arena, TASKS, "required_workers", "payable_amount");
	books->pending.rows = pending_read(snapshot, arena);
	books->users.rows = records_read(snapshot, arena, USERS, "coins", "pending_coins");
	while ((row = rows_next(accounts)))
		account_take(books, row);
	records_until(books, &books->tasks, task_compare, NULL);
	records_until(books, &books->users, user_compare, NULL);
	if (!sums_agree(books->audit))
		books->audit->balanced = false;
}

/* ---- keeping ---- */

bson_t *audit_doc(struct arena *arena, const struct audit *audit)
{
	return DOC(arena, BOOL("balanced", audit->balanced), DATE("asOf", audit->as_of),
		   WHOLE("coins", audit->coins), WHOLE("pending_coins", audit->pending_coins),
		   WHOLE("escrow", audit->escrow), WHOLE("opening", audit->opening),
		   WHOLE("bonuses", audit->bonuses), WHOLE("purchases", audit->purchases),
		   WHOLE("adjustments", audit->adjustments), WHOLE("payouts", audit->payouts),
		   WHOLE("forfeits", audit->forfeits), WHOLE("reversals", audit->reversals),
		   WHOLE("users", audit->users), WHOLE("tasks", audit->tasks));
}

bson_t *audit_difference_doc(struct arena *arena, const struct audit_difference *difference)
{
	return DOC(arena, TEXT("kind", difference->kind), ID("_id", &difference->id),
		   WHOLE("expected", difference->expected), WHOLE("found", difference->found));
}

static bson_t *differences_doc(struct arena *arena, const struct audit *audit)
{
	struct doc_array array = doc_array_new(arena);

	for (size_t i = 0; i < audit->difference_count; i++)
		doc_array_doc(&array, audit_difference_doc(arena, &audit->differences[i]));
	return array.doc;
}

/* A run that began later may have finished before; it stays, as the insert then meets its key. */
static void audit_keep(struct db *db, struct arena *arena, const struct audit *audit)
{
	bson_t *run = audit_doc(arena, audit);
	const bson_t *reply;

	BSON_APPEND_ARRAY(run, "differences", differences_doc(arena, audit));
	BSON_APPEND_DOCUMENT(run, "unadopted", unmarked_doc(arena, &audit->unadopted));
	enum err err =
		db_write(db, arena,
			 DOC(arena, TEXT("update", collection_name(META)),
			     LIST("updates", ITEM(SUB("q", TEXT("_id", "audit"),
						      SUB("asOf", DATE("$lte", audit->as_of))),
						  PART("u", run), BOOL("upsert", true)))),
			 &reply);
	if (err != OK)
		log_line(LOG_WARN, NULL, "the audit could not be kept");
}

enum err audit_run(struct db *db, struct arena *arena, int64_t max_ms, struct audit *out)
{
	struct books books = { .arena = arena, .audit = out };

	*out = (struct audit){ .balanced = true, .as_of = clock_now() };
	books.snapshot = snapshot_open(db, arena, max_ms);
	books_read(&books);
	if (snapshot_late(books.snapshot))
		return ERR_IN_PROGRESS;
	enum err err = snapshot_error(books.snapshot);
	if (err == OK)
		err = unmarked_count(db, arena, UNMARKED_COUNTED, &out->unadopted);
	if (err == OK)
		audit_keep(db, arena, out);
	return err;
}

static const char *kind_of(const char *text)
{
	static const char *const kinds[] = { "coins", "pending_coins", "escrow" };

	for (size_t i = 0; text && i < COUNT_OF(kinds); i++)
		if (!strcmp(text, kinds[i]))
			return kinds[i];
	return "missing";
}

static void differences_load(const bson_t *list, struct audit *out)
{
	bson_iter_t at;
	bson_t one;
	struct id id = { 0 };

	bson_iter_init(&at, list);
	while (bson_iter_next(&at) && doc_part(list, bson_iter_key(&at), &one)) {
		doc_id(&one, "_id", &id);
		difference_add(out, kind_of(doc_text(&one, "kind")), &id,
			       doc_whole(&one, "expected", 0), doc_whole(&one, "found", 0));
	}
}

enum err audit_last(struct db *db, struct arena *arena, struct audit *out)
{
	const bson_t *run;
	bson_t list;
	enum err err = db_find_one(db, arena, META, DOC(arena, TEXT("_id", "audit")), NULL, &run);

	if (err != OK || !run)
		return err != OK ? err : ERR_NOT_FOUND;
	*out = (struct audit){
		.as_of = doc_date(run, "asOf", 0),
		.coins = doc_whole(run, "coins", 0),
		.pending_coins = doc_whole(run, "pending_coins", 0),
		.escrow = doc_whole(run, "escrow", 0),
		.opening = doc_whole(run, "opening", 0),
		.bonuses = doc_whole(run, "bonuses", 0),
		.purchases = doc_whole(run, "purchases", 0),
		.adjustments = doc_whole(run, "adjustments", 0),
		.payouts = doc_whole(run, "payouts", 0),
		.forfeits = doc_whole(run, "forfeits", 0),
		.reversals = doc_whole(run, "reversals", 0),
		.users = doc_whole(run, "users", 0),
		.tasks = doc_whole(run, "tasks", 0),
	};
	if (doc_part(run, "unadopted", &list))
		out->unadopted = unmarked_read(&list);
	if (doc_part(run, "differences", &list))
		differences_load(&list, out);
	out->balanced = doc_bool(run, "balanced", false);
	return OK;
}

/* ---- runs that a sweep makes ---- */

enum err audit_ask(struct db *db, struct arena *arena)
{
	const bson_t *reply;

	/* a taken key: it was asked for before */
	return db_write(
		db, arena,
		DOC(arena, TEXT("insert", collection_name(META)),
		    LIST("documents", ITEM(TEXT("_id", "audit asked"), DATE("at", clock_now())))),
		&reply);
}

enum err audit_run_asked(struct db *db, struct arena *arena, bool *ran)
{
	const bson_t *reply;
	enum err err = db_write(
		db, arena,
		DOC(arena, TEXT("delete", collection_name(META)),
		    LIST("deletes", ITEM(SUB("q", TEXT("_id", "audit asked")), INT("limit", 1)))),
		&reply);

	*ran = err == OK && doc_whole(reply, "n", 0) == 1;
	return *ran ? audit_run(db, arena, 0, arena_alloc(arena, sizeof(struct audit))) : err;
}
