/*
 * What the files of adoption share.
 *
 * A pass reads one collection in batches; several threads work on one each. For a batch it looks up, in a few queries,
 * what its records depend on, then plans each record's change as a transaction; a dry run stops there. Those of a single
 * step travel in bulk, all others share transactions. Each sets the record's mark and is guarded by its absence
 * and by the fields that were read. The order of the passes (adoption.c) lets each depend on finished ones alone.
 *
 * Records may come late, restored or written by an older server that ran on: what they belong to is in the books then,
 * and what they hold is taken from there (adoption_late.c).
 */
#ifndef MIGRATE_ADOPTION_PRIVATE_H
#define MIGRATE_ADOPTION_PRIVATE_H

#include "market/ledger.h"
#include "market/market.h"
#include "migrate/adoption.h"
#include "store/doc.h"
#include "store/mark.h"
#include "store/txn.h"

#include <pthread.h>
#include <semaphore.h>

/* Nothing larger is believed: JavaScript counts no further either, and sums of many stay within int64. */
#define ADOPTION_COINS_MOST INT64_C(9007199254740991)
#define ADOPTION_PRICE_MOST INT64_C(1000000000)
#define ADOPTION_SLOTS_MOST INT64_C(1000000)

/* ---- the report (adoption_report.c) ---- */

enum rule {
#define RULE(name, in, words) RULE_##name,
#include "migrate/adoption_rules.h"
#undef RULE
	RULE_COUNT
};

/* A rule that concerned a record; coins where some are involved, else 0. */
struct note {
	enum rule rule;
	struct id id;
	int64_t coins;
};

#define NOTED_IDS 20

struct tally {
	int64_t count, coins;
	struct id ids[NOTED_IDS]; /* the first of them */
};

struct report {
	struct tally tallies[RULE_COUNT];
	int64_t records[COLLECTION_COUNT]; /* adopted, or in a dry run to be adopted */
};

void report_note(struct report *report, const struct note *note);
void report_print(const struct report *report, FILE *out);

/* ---- sets of ids (adoption_values.c) ---- */

struct id_set {
	struct id *ids; /* sorted once all are in */
	size_t count, room;
};

/* Rows that begin with their id, in the order of it. */
void rows_sort(void *rows, size_t count, size_t size);
/* NULL: there is none. */
void *row_find(const void *rows, size_t count, size_t size, const struct id *id);

void id_set_add(struct arena *arena, struct id_set *set, const struct id *id);
void id_set_sort(struct id_set *set);
bool id_set_has(const struct id_set *set, const struct id *id);

/* ---- all users (adoption_people.c) ---- */

struct person {
	struct id id;
	bool keyed; /* has email_key */
	bool marked;
	bool first; /* has the key of the address, or gets it */
	bool blank; /* keeps the blanks of the address, as another has it without them */
	const char *email; /* without blanks at its ends */
	const char *registered; /* as it is going to be */
	int64_t created, coins;
	int32_t open_tasks, pending_submissions; /* counted for the users' pass */
};

struct people {
	struct arena *arena;
	struct person *list; /* by their ids */
	size_t count, room, unmarked;
	struct person **by_email; /* those that have one */
	size_t with_email;
};

struct adoption;
enum err people_read(struct adoption *adoption);
void people_free(struct people *people);
struct person *person_by_id(const struct people *people, const struct id *id);

/* Room for one more; the caller's to free. */
void *list_grow(void *list, size_t count, size_t *room, size_t item_size);

/* ---- the run ---- */

struct adoption {
	const struct adoption_order *order;
	struct arena *arena;
	struct report report;
	struct people people;
	/* of the pass that runs: others have their unique key; anybody has one */
	struct id_set keyless;
	bool keys_held;
	int64_t now;
	int64_t told; /* steady time of the last line of progress */
	sem_t places; /* that are free for threads */
	pthread_attr_t detached;
	pthread_mutex_t lock; /* of the report, and */
	bool missed; /* a record changed while its batch was worked on: look again */
	_Atomic enum err err; /* the first that ended a batch */
};

/* ---- passes (adoption_batch.c) ---- */

struct record {
	struct id id;
	const bson_t *doc; /* as it was read */
	bool has_id; /* its _id is an ObjectId, so calls and the journal can name it */
	const char *key; /* the unique key that it gets; NULL: none */
	bson_t *filter, *set; /* the first step to be: guards, and what becomes of the fields */
	struct txn txn;
	struct note *notes;
	size_t note_count, note_room;
	/* of a task: submissions that will be left pending; of these, those that took no slot yet */
	int64_t pending, slotless;
	bool done;
};

/* What is looked up in the journal (adoption_journal.c). */
struct journal {
	struct doc_array keys; /* wanted */
	const char **found; /* sorted */
	size_t found_count;
	const char *field; /* of the rows about … */
	struct doc_array owners; /* … these, wanted */
	struct id_set known; /* those that have rows */
};

struct batch {
	struct adoption *adoption;
	const struct pass *pass;
	struct db *db; /* its thread's */
	struct arena *arena; /* of this batch */
	struct arena *scratch; /* of one try */
	struct call *call; /* the service acts */
	struct record *records;
	size_t count;
	struct journal journal;
	void *known; /* what look() found */
};

/* ---- unique keys (adoption_keys.c) ---- */

/* A unique key of ours that a collection's records have. */
struct unique_key {
	const char *field;
	enum rule rule; /* of those that go without, as another has it */
	const char *(*text)(struct batch *batch,
			    const bson_t *record); /* the record's; NULL: none */
	const char *counts; /* the status of those that get it before others */
	bool pending_counts; /* so does what is pending and stays so */
	const char *fields; /* that all this needs */
};

extern const struct unique_key slot_key, transaction_key;

/* Before a pass: who goes without? */
enum err keys_look(struct adoption *adoption, const struct pass *pass);
/* The keys of a batch: of those that do not go without, those that nobody else has. */
enum err keys_choose(struct batch *batch);

/* Works on what bears no mark. */
struct pass {
	const char *doing; /* for the line of progress */
	enum collection in;
	const struct unique_key *key; /* NULL: none */
	/* Before each look at the collection; may be NULL. */
	enum err (*begin)(struct adoption *adoption);
	enum err (*look)(struct batch *batch); /* may be NULL */
	/* Fills record->set, may add guards, notes and further steps. */
	void (*plan)(struct batch *batch, struct record *record);
	bool in_turn; /* batches that come late may share what the books hold for them */
};

enum err pass_run(struct adoption *adoption, const struct pass *pass);

/* Commits what was planned; of each record it tells whether that happened (adoption_commit.c). */
enum err batch_commit(struct batch *batch);

/* ---- records of a batch (adoption_record.c) ---- */

/* The record of a batch that has this id; NULL: none. */
struct record *record_of(const struct batch *batch, const struct id *id);

/* Ends a record's own part of its plan: adds record->set, with its key and this mark, as the first step. */
void record_change(struct batch *batch, struct record *record, const struct pass *pass, int mark);

void note(struct batch *batch, struct record *record, enum rule rule, int64_t coins);
void note_id(struct batch *batch, struct record *record, enum rule rule, const struct id *id,
	     int64_t coins);

/* ---- reading what may be anything (adoption_values.c) ---- */

struct amount {
	int64_t value; /* 0 unless good */
	bool there;
	bool good; /* a number of 0 or more, in range */
	bool floored; /* it had a fraction */
};

/* A number of any BSON type, or as plain text. Beyond most it is not good. */
struct amount amount_read(const bson_t *doc, const char *field, int64_t most);

/* A date, or a text or number that is one. */
bool date_read(const bson_t *doc, const char *field, int64_t *when);
/* When the record was made: createdAt, or what its _id tells. */
int64_t created_at(const bson_t *doc);

/* An ObjectId, or its hex digits as text. */
bool id_read(const bson_t *doc, const char *field, struct id *id);

/* Sets a date field unless it is one already: to the date that it tells, else to `absent`. */
void set_date(bson_t *set, const bson_t *doc, const char *field, int64_t absent);
/* createdAt and updatedAt. */
void set_times(bson_t *set, const bson_t *doc);
/* Sets a text that is missing. */
void set_default(bson_t *set, const bson_t *doc, const char *field, const char *text);

/* The status; `absent`, the default of the older server's schema, where there is none. */
const char *status_of(const bson_t *doc, const char *absent);

/* ---- whose e-mail is it? (adoption_people.c) ---- */

/* By the id where it is a user's, else by the e-mail: the user registered with exactly this address, else the oldest
 * with it in another case. NULL: nobody's. Their coins count only when they are in the books. */
const struct person *owner_of(const struct batch *batch, const bson_t *doc, const char *id_field,
			      const char *email_field);
/* A user as the table has it; NULL: it came, or changed its address, since. */
const struct person *person_of(const struct batch *batch, const struct record *record);
/* Sets the id where there is an owner. */
const struct person *owner_set(struct batch *batch, struct record *record, const char *id_field,
			       const char *email_field);

/* Without the blanks at its ends, in lower case (base/email.h). */
const char *text_folded(struct arena *arena, const char *text);
/* The oldest first; those of one moment by their ids. */
int age_compare(int64_t created, const struct id *id, int64_t other_created,
		const struct id *other);

/* ---- tasks as the other passes need them (adoption_tasks.c) ---- */

struct task_facts {
	struct id id;
	const struct person *buyer; /* NULL: nobody is */
	enum { TASK_ACTIVE, TASK_COMPLETE, TASK_CANCELLED, TASK_OTHER } status;
	struct amount price, slots;
	bool price_good, slots_good;
	bool keeps_work; /* its pending submissions can be paid and reviewed */
	bool marked; /* in the books already */
};

/* What of a task these facts need, as options of a query. */
bson_t *task_facts_options(struct arena *arena);
struct task_facts task_facts_of(const struct batch *batch, const bson_t *task);

/* ---- what the journal has (adoption_journal.c) ---- */

/* Wanted by look(), and read after it. */
void journal_start(struct batch *batch);
void journal_want(struct batch *batch, const char *kind, const struct id *id);
enum err journal_read(struct batch *batch);
bool journal_has(const struct batch *batch, const char *kind, const struct id *id);

/* Is there any row about this user, or task? field says which; one kind for each batch. */
void journal_want_owner(struct batch *batch, const char *field, const struct id *id);
bool journal_knows(const struct batch *batch, const struct id *id);

/* Adds the row that gives an account its opening balance. */
void open_account(struct batch *batch, struct record *record, const char *what,
		  struct account account, const struct id *user, const struct id *task,
		  int64_t coins);

/* And the row that a pending withdrawal's coins are held by. */
void hold_account(struct batch *batch, struct record *record, const struct id *worker,
		  const struct id *withdrawal, int64_t coins);

/* ---- withdrawals as their users need them (adoption_holdings.c) ---- */

/* One that is pending, or was approved, and whose it is. */
struct holding {
	struct id id, owner;
	int64_t coins, asked_at;
	bool approved;
	const bson_t *doc;
};

struct holdings {
	struct batch *batch;
	struct holding *list; /* by owner, oldest first */
	size_t count, room;
};

/* Reads those of the batch's users. */
enum err holdings_read(struct batch *batch, struct holdings *holdings);
/* Tells the worker of a withdrawal, as it was read, that their balance does not cover it. */
#define WITHDRAWAL_NOT_COVERED "Your balance does not cover it."
void refusal_tell(struct batch *batch, struct record *record, const struct id *worker,
		  const bson_t *withdrawal, int64_t coins);
/* The part that is one user's. */
const struct holding *holdings_of(const struct holdings *holdings, const struct id *user,
				  size_t *count);

/* ---- the passes ---- */

extern const struct pass submissions_pass, tasks_pass, withdrawals_pass, users_pass, payments_pass,
	notifications_pass;

/* ---- what comes late (adoption_late.c) ---- */

/* A task in the books for which work came late. */
struct late_task {
	struct id id;
	int64_t paid; /* slots that the journal says are paid for, and neither open nor taken by marked work */
	int64_t open, price;
};

struct late_tasks {
	struct doc_array wanted;
	struct late_task *list;
	size_t count;
};

void late_want(struct late_tasks *late, struct batch *batch, const struct id *task);
enum err late_read(struct late_tasks *late, struct batch *batch);
/* NULL when it is not in the books. */
struct late_task *late_task_of(const struct late_tasks *late, const struct id *task);

/* Is anything to be adopted? Where nothing is, does the journal know the newest of what is in the books? */
enum err late_look(struct adoption *adoption, bool *any);

#endif
