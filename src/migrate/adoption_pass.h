/*
 * What the files of the adoption share.
 *
 * A pass reads one collection in batches, and several threads work on a batch each. A batch looks up in a few queries
 * what its records depend on. Then it plans each record's change as a transaction, which sets the record's mark, and is
 * guarded by the record being what it was when it was read. A dry run stops there. Records share transactions. The
 * order of the passes (adoption.c) lets each depend on finished ones only.
 *
 * Records may come late: restored, or written by an older server that went on running. What they belong to is in the
 * books then, and what they hold is taken from there.
 */
#ifndef MIGRATE_ADOPTION_PASS_H
#define MIGRATE_ADOPTION_PASS_H

#include "market/ledger.h"
#include "market/market.h"
#include "market/notifications.h"
#include "market/status.h"
#include "migrate/adoption.h"
#include "store/doc.h"
#include "store/mark.h"
#include "store/txn.h"

#include <pthread.h>

/* Larger numbers count as wrong. JavaScript does not count further either, and sums of many fit into int64. */
#define COINS_MOST INT64_C(9007199254740991)
#define PRICE_MOST INT64_C(1000000000)
#define SLOTS_MOST INT64_C(1000000)

/* ---- the report (adoption_report.c) ---- */

enum rule {
#define RULE(name, in, words) RULE_##name,
#include "migrate/adoption_rules.h"
#undef RULE
	RULE_COUNT
};

/* A rule that concerned a record, and the coins that were involved, or 0. */
struct note {
	enum rule rule;
	struct id id;
	int64_t coins;
};

#define NOTED_IDS 20 /* that the report names for each rule */

struct report {
	struct tally {
		int64_t count, coins;
		struct id ids[NOTED_IDS]; /* the lowest of them */
	} tallies[RULE_COUNT];
	int64_t records[COLLECTION_COUNT]; /* how many were adopted, or would be in a dry run */
};

struct record;
void note(struct record *record, enum rule rule, int64_t coins);
void note_id(struct record *record, enum rule rule, const struct id *id, int64_t coins);
/* note() if the record is concerned. */
void note_if(bool concerned, struct record *record, enum rule rule);

/* Counts a record's notes in. */
void report_add(struct report *report, const struct record *record);
void report_print(const struct report *report, FILE *out);

/* ---- the run ---- */

struct person {
	struct id id;
	bool keyed; /* has email_key */
	bool marked;
	bool first; /* has the unique key of the address, or gets it */
	bool blank; /* the address keeps its blanks, as another user has it without them */
	const char *email; /* without blanks at its ends */
	const char *registered; /* the address as it will be stored */
	int64_t created;
	int32_t open_tasks, pending_submissions; /* counted for the users' pass */
};

/* All users (adoption_people.c). */
struct people {
	struct arena *arena;
	struct person *list; /* sorted by id */
	size_t count, room, unmarked;
	struct person **by_email; /* those with an address */
	size_t with_email;
};

struct adoption {
	const struct adoption_order *order;
	struct report report;
	struct people people;
	int64_t now;
	int64_t told; /* steady time of the last line of progress */

	/* of the running pass */
	const struct pass *pass;
	struct arena *arena; /* lives as long as one look at the collection */
	struct id *keyless; /* sorted: the records that go without the unique key */
	size_t keyless_count;
	bool keys_held; /* does any record have a key already? */
	struct batch *filling;
	size_t batch_most, batch_bytes;
	int64_t read, total;
	pthread_t threads[ADOPTION_THREADS]; /* the oldest of them is joined first */
	size_t threads_begun, threads_ended;

	pthread_mutex_t lock; /* for what follows, and the report */
	bool missed; /* a record changed while its batch was worked on: read the collection again */
	_Atomic enum err err; /* the first error that ended a batch */
};

struct record {
	struct id id;
	bool has_id; /* its _id is an ObjectId, so that calls and the journal can name it */
	struct batch *batch;
	const bson_t *doc; /* as it was read */
	const char *status; /* or the default of the older server's schema, where there is none */
	const struct person *owner; /* NULL: none */
	const char *key; /* the unique key that it gets; NULL: none */
	bson_t *set; /* the new values of its fields */
	struct txn txn; /* that change, and what else comes with it */
	struct note *notes;
	size_t note_count, note_room;
	/* for a task: how many submissions stay pending, and how many of these took no slot yet */
	int64_t pending, slotless;
	bool done;
};

/* What is looked up in the journal (adoption_journal.c). */
struct journal {
	struct doc_array keys; /* of rows to look for */
	const char *field; /* the member of rows to look for: "user" or "task" */
	struct doc_array owners; /* the ids that it may have */
	const char **found; /* the keys, and the owners written as keys; sorted */
	size_t found_count;
};

struct batch {
	struct adoption *adoption;
	struct db *db; /* the thread's */
	struct arena *arena; /* lives as long as the batch */
	struct arena *scratch; /* emptied for each try to commit */
	struct call call; /* of the service itself */
	struct caller caller;
	struct record *records;
	size_t count;
	struct journal journal;
	void *rows; /* what the pass's look() found: structs that begin with a struct id, sorted by it in the end */
	size_t row_count, row_room;
};

/* Fields by which records name their owners: by id, and by e-mail. */
#define BY_WORKER "worker_id", "worker_email"
#define BY_BUYER "buyer_id", "buyer_email"

/* Works on the records of a collection that have no mark. What a row leaves out, its records do not have. */
struct pass {
	const char *doing; /* for the line of progress */
	enum collection in;
	const char *owner[2]; /* BY_WORKER … */
	const char *status; /* the default of the older server's schema */
	const char *date; /* its date; by default that of the record */
	struct coins_field {
		const char *field, *older; /* its name in the oldest records; NULL: the same */
		int64_t most;
		enum rule floored, bad; /* it had a fraction; it was no number, or none in range */
	} coins;
	struct unique_key {
		const char *field;
		enum rule rule; /* for those that go without, as another has it */
		/* records with this status, and pending ones that stay so, get it before others */
		enum status counts;
		/* a record's key; NULL: none */
		const char *(*text)(const struct batch *batch, const bson_t *record);
	} key; /* of ours */
	enum err (*begin)(struct adoption *adoption); /* before each look at the collection */
	enum err (*look)(struct batch *batch);
	/* Fills record->set, may add notes and further steps. The mark that the record gets; 0: it is left for the next
	 * look. */
	int (*plan)(struct record *record);
	bool in_turn; /* late batches go one after the other, as they may take from the same records */
};

extern const struct pass submissions_pass, tasks_pass, withdrawals_pass, users_pass, payments_pass,
	notifications_pass;

/* Adds a withdrawal, as it was read, to the rows of a batch of users, if it is one of theirs. */
bool holding_add(void *batch, const bson_t *withdrawal);

/* Commits what was planned, and sets done of each record for which that happened (adoption_record.c). */
enum err batch_commit(struct batch *batch);

/* ---- records (adoption_record.c) ---- */

/* Adds one to a batch, as it was read. */
struct record *record_add(struct batch *batch, const bson_t *doc);
/* Plans its transaction: what the pass does, then that the record is what was read, and changes. Asks no database. */
void record_plan(struct record *record);
/* The record of a batch with this id; NULL: none. */
struct record *record_of(const struct batch *batch, const struct id *id);
/* Adds a struct to batch->rows; finds one. */
void row_add(struct batch *batch, const void *row, size_t size);
void *row_of(const struct batch *batch, size_t size, const struct id *id);
/* Has it this status? */
bool record_is(const struct record *record, enum status status);

#define SET(record, ...) BCON_APPEND((record)->set, __VA_ARGS__)

/* Rejects the record: the date is the name of the field that says when. */
void reject(struct record *record, enum rule rule, const char *reason, const char *date);
/* Tells a worker, whose address the document has, that something of theirs was rejected. */
void rejected_tell(struct record *record, const struct id *worker, const bson_t *doc,
		   const char *what, const char *reason);
#define WITHDRAWAL_OF(record, coins) \
	arena_printf((record)->batch->arena, "withdrawal of %lld coins", (long long)(coins))
#define NO_WORKER "The worker's account no longer exists."
#define NOT_COVERED "Your balance does not cover it."

/* ---- reading fields of any type, and lists (adoption_values.c) ---- */

struct amount {
	int64_t value; /* 0 unless good */
	bool there; /* the field is */
	bool good; /* a number of 0 or more, in range */
	bool floored; /* it had a fraction */
};

/* A number of any BSON type, or as plain text. Above most it is not good. */
struct amount amount_read(const bson_t *doc, const char *field, int64_t most);

/* A date, or a text or number that means one. */
bool date_read(const bson_t *doc, const char *field, int64_t *when);
/* When the record was made: createdAt, or the time in its _id. */
int64_t created_at(const bson_t *doc);
/* Sets a field to a date unless it is one: to the date that its text or number means, or else to `absent`. */
void set_date(bson_t *set, const bson_t *doc, const char *field, int64_t absent);

/* An ObjectId, or its hex digits as text. */
bool id_read(const bson_t *doc, const char *field, struct id *id);
/* Is the field missing, or null? */
bool is_absent(const bson_t *doc, const char *field);
/* The status; `absent` where there is none. */
const char *status_of(const bson_t *doc, const char *absent);

/* Orders by age, the oldest first; of the same time by their ids. */
int age_compare(int64_t created, const struct id *id, int64_t other_created,
		const struct id *other);
/* Sorts an array of structs that begin with a struct id by that id. */
void rows_sort(void *rows, size_t count, size_t size);
/* Finds a struct with this id in such an array; NULL: there is none. */
void *row_find(const void *rows, size_t count, size_t size, const struct id *id);
/* Grows a list so that it has room for one more. The caller frees it. */
void *list_grow(void *list, size_t count, size_t *room, size_t item_size);

/* ---- whose e-mail is it? (adoption_people.c) ---- */

enum err people_read(struct adoption *adoption);
/* What it does: adds each user, in the order of ids, then decides. */
bool people_add(void *people, const bson_t *user);
void people_sort(struct people *people);
void people_free(struct people *people);
struct person *person_by_id(const struct people *people, const struct id *id);
/* The row of the table for a user's record; NULL: the user came later, or has another address now. */
const struct person *person_of(const struct record *record);
/* Whose a record is: by the id field, if that is a user's id; else by the e-mail, the user registered with exactly this
 * address, or the oldest with it in another case. NULL: nobody's. */
const struct person *owner_of(const struct batch *batch, const bson_t *doc, const char *id_field,
			      const char *email_field);
/* A text without the blanks at its ends; the text itself where there are none. */
const char *bare_text(struct arena *arena, const char *text);

/* ---- unique keys (adoption_keys.c) ---- */

/* Before a look at the collection: finds the records that go without the key. */
enum err keys_look(struct adoption *adoption);
/* Chooses the keys of a batch's records: not for those that go without, and none that a record in the books has. */
enum err keys_choose(struct batch *batch);

/* ---- tasks as the other passes need them (adoption_tasks.c) ---- */

struct task_facts {
	struct id id;
	const struct person *buyer; /* NULL: it is no user */
	bool active, cancelled, completed; /* none of them: its status is unknown */
	struct amount price, slots;
	bool amounts_good;
	bool keeps_work; /* its pending submissions can be reviewed and paid */
	bool marked; /* in the books already */
	/* where late work is pending: the coins of its escrow, and how much work in the books is pending */
	int64_t escrow, taken;
};

struct task_facts task_facts_of(const struct batch *batch, const bson_t *task);

/* ---- what the journal has (adoption_journal.c) ---- */

/* look() says what it wants of the journal; all of it is read afterwards. The kind of a key: "hold" for hold:<id>. */
void journal_want(struct batch *batch, const char *kind, const struct id *id);
/* Is there any row about this user or task? field: "user" or "task", the same for all of a batch. */
void journal_want_owner(struct batch *batch, const char *field, const struct id *id);
enum err journal_read(struct batch *batch);
bool journal_has(const struct batch *batch, const char *kind_or_field, const struct id *id);

/* Reports when the journal lacks the newest users and tasks: somebody may have dropped it, or restored an older one. */
enum err journal_check(const struct adoption_order *order, struct arena *arena);

/* Adds the row that gives a user's or task's account its opening balance, and notes that. */
void open_account(struct record *record, const char *key, enum rule rule, int64_t coins);
/* Adds the row by which a pending withdrawal's coins are held. */
void hold_account(struct record *record, const struct id *worker, const struct id *withdrawal,
		  int64_t coins);

#endif
