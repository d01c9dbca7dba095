#include "market/audit.h"

#include "base/clock.h"
#include "base/log.h"
#include "market/ledger.h"
#include "market/status.h"
#include "store/doc.h"
#include "store/snapshot.h"

#include <string.h>

/* A result in the order of its ids, and its next row. */
struct row_reader {
	struct snapshot_rows *rows;
	const bson_t *next; /* NULL: to be read */
	struct id id; /* of next */
	bool ended;
};

/* One account of the journal, or two: a user's coins and what their withdrawals hold stand together. */
struct balance {
	struct id id;
	int64_t coins, held;
};

/* Those that are added up from records; each of the others is the balance of an account without a document. */
enum figure { COINS, PENDING_COINS, ESCROW, USERS_COMPARED = 10, TASKS_COMPARED, NUMBERS };

/* What an audit tells. Coins that are here or have left must equal those that came. */
static const struct number_row {
	const char *name;
	int64_t weight;
	enum account_kind account;
} numbers[NUMBERS] = {
	[COINS] = { "coins", 1 },
	[PENDING_COINS] = { "pending_coins", 1 },
	[ESCROW] = { "escrow", 1 },
	{ "opening", -1, ACCOUNT_OPENING },
	{ "bonuses", -1, ACCOUNT_GRANTS },
	{ "purchases", -1, ACCOUNT_SALES },
	{ "adjustments", -1, ACCOUNT_ADJUSTMENTS },
	{ "payouts", 1, ACCOUNT_PAYOUTS },
	{ "forfeits", 1, ACCOUNT_FORFEITS },
	{ "reversals", 1, ACCOUNT_REVERSALS },
	[USERS_COMPARED] = { "users", 0 },
	[TASKS_COMPARED] = { "tasks", 0 },
};

struct books {
	struct snapshot *snapshot;
	struct arena *arena;
	struct row_reader tasks, pending, users;
	int64_t sums[NUMBERS];
	struct doc_array differences; /* the first of them */
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

static void add(struct books *books, enum figure number, int64_t coins)
{
	books->sums[number] = plus(books->sums[number], coins);
}

static void compare(struct books *books, const char *kind, const struct id *id, int64_t expected,
		    int64_t found)
{
	if (expected != found && books->differences.count < AUDIT_DIFFERENCES_MAX)
		doc_array_doc(&books->differences,
			      DOC(books->arena, TEXT("kind", kind), ID("_id", id),
				  WHOLE("expected", expected), WHOLE("found", found)));
}

/* ---- what is read ---- */

static bson_t *is_held(struct arena *arena, const char *account)
{
	return DOC(arena, LIST("$eq",
			       ITEM(LIST("$substrBytes", BCON_UTF8(account), BCON_INT32(0),
					 BCON_INT32(5))),
			       BCON_UTF8("held:")));
}

/* Whose coins an account's are: "held:<withdrawal>" counts for the row's user, every other for itself. */
static bson_t *owner_of(struct arena *arena, const char *account)
{
	return DOC(arena,
		   LIST("$cond",
			ITEM(LIST("$and", BCON_DOCUMENT(is_held(arena, account)),
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
static struct snapshot_rows *accounts_read(const struct books *books)
{
	struct arena *arena = books->arena;
	bson_t *held = is_held(arena, "$sides.name");
	bson_t *pipeline = PIPELINE(
		arena,
		STAGE("$project", LIST("sides", BCON_DOCUMENT(side(arena, "$from", -1)),
				       BCON_DOCUMENT(side(arena, "$to", 1)))),
		ITEM(TEXT("$unwind", "$sides")),
		STAGE("$group", TEXT("_id", "$sides.of"),
		      SUB("coins", SUB("$sum", LIST("$cond", BCON_DOCUMENT(held), BCON_INT32(0),
						    BCON_UTF8("$sides.coins")))),
		      SUB("held", SUB("$sum", LIST("$cond", BCON_DOCUMENT(held),
						   BCON_UTF8("$sides.coins"), BCON_INT32(0))))),
		STAGE("$sort", INT("_id", 1)));

	return snapshot_aggregate(books->snapshot, LEDGER, pipeline);
}

/* How many submissions are pending for each task: {_id, n}, in the order of tasks. */
static struct snapshot_rows *pending_read(const struct books *books)
{
	return snapshot_aggregate(
		books->snapshot, SUBMISSIONS,
		PIPELINE(books->arena, STAGE("$match", STATUS(PENDING)),
			 STAGE("$group", TEXT("_id", "$task_id"), SUB("n", INT("$sum", 1))),
			 STAGE("$sort", INT("_id", 1))));
}

static struct snapshot_rows *records_read(const struct books *books, enum collection in,
					  const char *first, const char *second)
{
	struct arena *arena = books->arena;

	return snapshot_find(books->snapshot, in, DOC(arena, NULL),
			     DOC(arena, SUB("sort", INT("_id", 1)),
				 SUB("projection", INT(first, 1), INT(second, 1), INT(MARK, 1))));
}

/* ---- merging ---- */

/* Reads the next row unless one is there already; false at the end. An _id that is not an ObjectId counts as
 * the lowest of all, as MongoDB sorts it before them. */
static bool reader_peek(struct row_reader *reader)
{
	if (reader->next || reader->ended)
		return !reader->ended;
	reader->next = snapshot_next(reader->rows);
	reader->ended = !reader->next;
	if (reader->next && !doc_id(reader->next, "_id", &reader->id))
		memset(&reader->id, 0, sizeof reader->id);
	return !reader->ended;
}

static int64_t pending_of(struct books *books, const struct id *task)
{
	struct row_reader *pending = &books->pending;

	for (; reader_peek(pending) && id_compare(&pending->id, task) <= 0; pending->next = NULL)
		if (id_equal(&pending->id, task))
			return doc_whole(pending->next, "n", 0);
	return 0;
}

static void task_compare(struct books *books, const bson_t *task, const struct balance *expected)
{
	int64_t slots =
		plus(doc_whole(task, "required_workers", 0), pending_of(books, &expected->id));
	int64_t escrow = times(slots, doc_whole(task, "payable_amount", 0));

	add(books, TASKS_COMPARED, 1);
	add(books, ESCROW, escrow);
	compare(books, is_marked(task) ? "escrow" : "missing", &expected->id, expected->coins,
		escrow);
}

static void user_compare(struct books *books, const bson_t *user, const struct balance *expected)
{
	int64_t coins = doc_whole(user, "coins", 0), held = doc_whole(user, "pending_coins", 0);

	add(books, USERS_COMPARED, 1);
	add(books, COINS, coins);
	add(books, PENDING_COINS, held);
	if (!is_marked(user)) {
		compare(books, "missing", &expected->id, plus(expected->coins, expected->held),
			plus(coins, held));
		return;
	}
	compare(books, "coins", &expected->id, expected->coins, coins);
	compare(books, "pending_coins", &expected->id, expected->held, held);
}

typedef void (*record_compare)(struct books *books, const bson_t *record,
			       const struct balance *expected);

/* Compares all records up to the account's; those before it have none, and should be worth nothing. Without an account:
 * all that are left. false when the account's own record does not exist. */
static bool records_until(struct books *books, struct row_reader *records,
			  record_compare compare_one, const struct balance *account)
{
	while (reader_peek(records)) {
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

/* An account without a document of its own: its balance is one of the numbers. */
static bool total_take(struct books *books, const char *name, int64_t balance)
{
	size_t i = 0;

	while (i < NUMBERS && (numbers[i].account <= ACCOUNT_ESCROW ||
			       strcmp(name, account_prefix(numbers[i].account)) != 0))
		i++;
	if (i < NUMBERS)
		books->sums[i] = times(balance, numbers[i].weight);
	return i < NUMBERS;
}

/* Names are sorted as texts and merged by id, which agree as long as ids are written in lower case, as ours are. */
static bool named(const char *name, enum account_kind kind, struct id *id)
{
	const char *prefix = account_prefix(kind);
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
	const char *named_so = doc_text(row, "_id"), *name = named_so ? named_so : "";
	struct balance account = { .coins = doc_whole(row, "coins", 0),
				   .held = doc_whole(row, "held", 0) };
	bool found;

	if (named(name, ACCOUNT_ESCROW, &account.id))
		found = records_until(books, &books->tasks, task_compare, &account);
	else if (named(name, ACCOUNT_USER, &account.id))
		found = records_until(books, &books->users, user_compare, &account);
	else
		found = total_take(books, name, account.coins);
	if (found)
		return;
	compare(books, "missing", &account.id, account.coins, 0);
	compare(books, "missing", &account.id, account.held, 0);
}

static bool sums_agree(const struct books *books)
{
	int64_t there = 0, came = 0;

	for (size_t i = 0; i < NUMBERS; i++)
		if (numbers[i].weight > 0)
			there = plus(there, books->sums[i]);
		else if (numbers[i].weight < 0)
			came = plus(came, books->sums[i]);
	return there == came;
}

static void books_read(struct books *books)
{
	struct snapshot_rows *accounts = accounts_read(books);
	const bson_t *row;

	books->tasks.rows = records_read(books, TASKS, "required_workers", "payable_amount");
	books->pending.rows = pending_read(books);
	books->users.rows = records_read(books, USERS, "coins", "pending_coins");
	while ((row = snapshot_next(accounts)))
		account_take(books, row);
	records_until(books, &books->tasks, task_compare, NULL);
	records_until(books, &books->users, user_compare, NULL);
}

/* ---- keeping ---- */

static const bson_t *numbers_doc(const struct books *books, int64_t as_of)
{
	bool balanced = !books->differences.count && sums_agree(books);
	bson_t *doc = DOC(books->arena, BOOL("balanced", balanced), DATE("asOf", as_of));

	for (size_t i = 0; i < NUMBERS; i++)
		BSON_APPEND_INT64(doc, numbers[i].name, books->sums[i]);
	return doc;
}

/* A run that began later may have finished before; it stays, as the insert then meets its key. */
static void audit_keep(struct db *db, struct arena *arena, const struct audit *audit, int64_t as_of)
{
	bson_t *run = doc_copy(arena, audit->numbers);
	const bson_t *reply;

	BSON_APPEND_ARRAY(run, "differences", audit->differences);
	BSON_APPEND_DOCUMENT(run, "unadopted", audit->unadopted);
	enum err err = db_write(db, arena,
				DOC(arena, TEXT("update", collection_name(META)),
				    LIST("updates", ITEM(SUB("q", TEXT("_id", "audit"),
							     SUB("asOf", DATE("$lte", as_of))),
							 PART("u", run), BOOL("upsert", true)))),
				&reply);
	if (err != OK)
		log_line(LOG_WARN, NULL, "the audit could not be kept");
}

enum err audit_run(struct db *db, struct arena *arena, int64_t max_ms, struct audit *out)
{
	struct books books = { .arena = arena, .differences = doc_array_new(arena) };
	int64_t as_of = clock_now();

	books.snapshot = snapshot_open(db, arena, max_ms);
	books_read(&books);
	if (snapshot_late(books.snapshot))
		return ERR_IN_PROGRESS;
	enum err err = snapshot_error(books.snapshot);
	if (err == OK)
		err = unmarked_count(db, arena, UNMARKED_COUNTED, &out->unadopted);
	if (err != OK)
		return err;
	out->numbers = numbers_doc(&books, as_of);
	out->differences = books.differences.doc;
	audit_keep(db, arena, out, as_of);
	return OK;
}

enum err audit_last(struct db *db, struct arena *arena, struct audit *out)
{
	const bson_t *run;
	bson_t *numbers_kept = DOC(arena, NULL), *differences = arena_alloc(arena, sizeof *run),
	       *unadopted = arena_alloc(arena, sizeof *run);
	enum err err = db_find_one(db, arena, META, DOC(arena, TEXT("_id", "audit")), NULL, &run);

	if (err != OK || !run)
		return err != OK ? err : ERR_NOT_FOUND;
	bson_copy_to_excluding_noinit(run, numbers_kept, "_id", "differences", "unadopted", NULL);
	*out = (struct audit){
		.numbers = numbers_kept,
		.differences =
			doc_part(run, "differences", differences) ? differences : DOC(arena, NULL),
		.unadopted = doc_part(run, "unadopted", unadopted) ? unadopted : DOC(arena, NULL),
	};
	return OK;
}

/* ---- runs that a sweep makes ---- */

enum err audit_ask(struct db *db, struct arena *arena)
{
	const bson_t *asked = DOC(arena, TEXT("_id", "audit asked"), DATE("at", clock_now()));

	/* a taken key: it was asked for before */
	return db_insert_many(db, arena, META, &asked, 1);
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
