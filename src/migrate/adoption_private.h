/*
 * What the files of the adoption share.
 *
 * A pass reads one collection in batches, and several threads work on a batch each. A batch looks up in a few queries
 * what its records depend on. Then it plans each record's change as a transaction, which sets the record's mark, and is
 * guarded by the mark being absent and by the fields that were read. A dry run stops there. Transactions of a single
 * step are sent in bulk; the others share transactions. The order of the passes (adoption.c) lets each depend on
 * finished ones only.
 *
 * Records may come late: restored, or written by an older server that went on running. What they belong to is in the
 * books then, and what they hold is taken from there (adoption_late.c).
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

/* Larger numbers count as wrong. JavaScript does not count further either, and sums of many fit into int64. */
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

/* A rule that concerned a record, and the coins that were involved, or 0. */
struct note {
	enum rule rule;
	struct id id;
	int64_t coins;
};

#define NOTED_IDS 20 /* that the report names for each rule */

struct tally {
	int64_t count, coins;
	struct id ids[NOTED_IDS]; /* the lowest of them */
};

struct report {
	struct tally tallies[RULE_COUNT];
	int64_t records[COLLECTION_COUNT]; /* how many were adopted, or would be in a dry run */
};

void report_note(struct report *report, const struct note *note);
void report_print(const struct report *report, FILE *out);

/* ---- sets of ids (adoption_values.c) ---- */

struct id_set {
	struct id *ids; /* sorted once all are in */
	size_t count, room;
};

/* Sorts an array of structs that begin with a struct id by that id. */
void rows_sort(void *rows, size_t count, size_t size);
/* Finds the struct with this id in such an array; NULL: there is none. */
void *row_find(const void *rows, size_t count, size_t size, const struct id *id);

void id_set_add(struct arena *arena, struct id_set *set, const struct id *id);
void id_set_sort(struct id_set *set);
bool id_set_has(const struct id_set *set, const struct id *id);

/* ---- all users (adoption_people.c) ---- */

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

struct people {
	struct arena *arena;
	struct person *list; /* sorted by id */
	size_t count, room, unmarked;
	struct person **by_email; /* those with an address */
	size_t with_email;
};

struct adoption;
enum err people_read(struct adoption *adoption);
void people_free(struct people *people);
struct person *person_by_id(const struct people *people, const struct id *id);

/* Grows a list so that it has room for one more. The caller frees it. */
void *list_grow(void *list, size_t count, size_t *room, size_t item_size);

/* ---- the run ---- */

struct adoption {
	const struct adoption_order *order;
	struct arena *arena;
	struct report report;
	struct people people;
	/* of the running pass: the records that go without the unique key; does any record have one already? */
	struct id_set keyless;
	bool keys_held;
	int64_t now;
	int64_t told; /* steady time of the last line of progress */
	sem_t places; /* counts how many more threads may start */
	pthread_attr_t detached;
	pthread_mutex_t lock; /* for the report and missed */
	bool missed; /* a record changed while its batch was worked on: look again */
	_Atomic enum err err; /* the first error that ended a batch */
};

/* ---- passes (adoption_batch.c) ---- */

struct record {
	struct id id;
	const bson_t *doc; /* as it was read */
	bool has_id; /* its _id is an ObjectId, so that calls and the journal can name it */
	const char *key; /* the unique key that it gets; NULL: none */
	bson_t *filter, *set; /* of its first step: the guards, and the new values of fields */
	struct txn txn;
	struct note *notes;
	size_t note_count, note_room;
	/* for a task: how many submissions stay pending, and how many of these took no slot yet */
	int64_t pending, slotless;
	bool done;
};

/* What is looked up in the journal (adoption_journal.c). */
struct journal {
	struct doc_array keys; /* of rows to look for */
	const char **found; /* those that there are, sorted */
	size_t found_count;
	const char *field; /* "user" or "task": the member of rows that … */
	struct doc_array owners; /* … is one of these, to look for */
	struct id_set known; /* those of them that have rows */
};

struct batch {
	struct adoption *adoption;
	const struct pass *pass;
	struct db *db; /* the thread's */
	struct arena *arena; /* lives as long as the batch */
	struct arena *scratch; /* emptied for each try to commit */
	struct call *call; /* of the service itself */
	struct record *records;
	size_t count;
	struct journal journal;
	void *known; /* what the pass's look() found */
};

/* ---- unique keys (adoption_keys.c) ---- */

/* A unique key of ours that records of a collection get. */
struct unique_key {
	const char *field;
	enum rule rule; /* for those that go without, as another has it */
	const char *(*text)(struct batch *batch,
			    const bson_t *record); /* the record's key; NULL: none */
	const char *counts; /* records with this status get the key before others */
	bool pending_counts; /* and so do pending ones that stay pending */
	const char *fields; /* that are read for all this */
};

extern const struct unique_key slot_key, transaction_key;

/* Before a pass: finds the records that go without the key. */
enum err keys_look(struct adoption *adoption, const struct pass *pass);
/* Chooses the keys of a batch's records: not for those that go without, and none that a record in the books has. */
enum err keys_choose(struct batch *batch);

/* Works on the records of a collection that have no mark. */
struct pass {
	const char *doing; /* for the line of progress */
	enum collection in;
	const struct unique_key *key; /* NULL: none */
	/* Before each look at the collection; may be NULL. */
	enum err (*begin)(struct adoption *adoption);
	enum err (*look)(struct batch *batch); /* may be NULL */
	/* Fills record->set, may add guards, notes and further steps. */
	void (*plan)(struct batch *batch, struct record *record);
	bool in_turn; /* late batches go one after the other, as they may take from the same records */
};

enum err pass_run(struct adoption *adoption, const struct pass *pass);

/* Commits what was planned, and sets done of each record for which that happened (adoption_commit.c). */
enum err batch_commit(struct batch *batch);

/* ---- records of a batch (adoption_record.c) ---- */

/* The record of a batch with this id; NULL: none. */
struct record *record_of(const struct batch *batch, const struct id *id);

/* Adds record->set, with the record's key and this mark, to its transaction: the first step. */
void record_change(struct batch *batch, struct record *record, const struct pass *pass, int mark);

void note(struct batch *batch, struct record *record, enum rule rule, int64_t coins);
void note_id(struct batch *batch, struct record *record, enum rule rule, const struct id *id,
	     int64_t coins);

/* ---- reading fields of any type (adoption_values.c) ---- */

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

/* An ObjectId, or its hex digits as text. */
bool id_read(const bson_t *doc, const char *field, struct id *id);

/* Sets a field to a date unless it is one: to the date that its text or number means, or else to `absent`. */
void set_date(bson_t *set, const bson_t *doc, const char *field, int64_t absent);
/* Does that for createdAt and updatedAt. */
void set_times(bson_t *set, const bson_t *doc);
/* Sets a text that is missing. */
void set_default(bson_t *set, const bson_t *doc, const char *field, const char *text);

/* The status; `absent`, the default of the older server's schema, where there is none. */
const char *status_of(const bson_t *doc, const char *absent);

/* ---- whose e-mail is it? (adoption_people.c) ---- */

/* Whose a record is: by the id field, if that is a user's id; else by the e-mail, the user registered with exactly this
 * address, or the oldest with it in another case. NULL: nobody's. */
const struct person *owner_of(const struct batch *batch, const bson_t *doc, const char *id_field,
			      const char *email_field);
/* The row of the table for a user's record; NULL: the user came later, or has another address now. */
const struct person *person_of(const struct batch *batch, const struct record *record);
/* Sets the id field if there is an owner, and returns the owner. */
const struct person *owner_set(struct batch *batch, struct record *record, const char *id_field,
			       const char *email_field);

/* An address without the blanks at its ends, and folded (base/email.h). */
const char *text_folded(struct arena *arena, const char *text);
/* Compares two records by age, the oldest first; those of the same time by their ids. */
int age_compare(int64_t created, const struct id *id, int64_t other_created,
		const struct id *other);

/* ---- tasks as the other passes need them (adoption_tasks.c) ---- */

struct task_facts {
	struct id id;
	const struct person *buyer; /* NULL: it is no user */
	enum { TASK_ACTIVE, TASK_COMPLETE, TASK_CANCELLED, TASK_OTHER } status;
	struct amount price, slots;
	bool price_good, slots_good;
	bool keeps_work; /* its pending submissions can be reviewed and paid */
	bool marked; /* in the books already */
};

/* Query options with the fields that these facts need. */
bson_t *task_facts_options(struct arena *arena);
struct task_facts task_facts_of(const struct batch *batch, const bson_t *task);

/* ---- what the journal has (adoption_journal.c) ---- */

/* look() says what it wants of the journal; all of it is read afterwards. */
void journal_start(struct batch *batch);
void journal_want(struct batch *batch, const char *kind, const struct id *id);
enum err journal_read(struct batch *batch);
bool journal_has(const struct batch *batch, const char *kind, const struct id *id);

/* Is there any row about this user or task? field: "user" or "task", the same for all of a batch. */
void journal_want_owner(struct batch *batch, const char *field, const struct id *id);
bool journal_knows(const struct batch *batch, const struct id *id);

/* Adds the row that gives an account its opening balance. */
void open_account(struct batch *batch, struct record *record, const char *what,
		  struct account account, const struct id *user, const struct id *task,
		  int64_t coins);

/* Adds the row by which a pending withdrawal's coins are held. */
void hold_account(struct batch *batch, struct record *record, const struct id *worker,
		  const struct id *withdrawal, int64_t coins);

/* ---- withdrawals as their users need them (adoption_holdings.c) ---- */

/* A withdrawal that is pending or was approved, and whose it is. */
struct holding {
	struct id id, owner;
	int64_t coins, asked_at;
	bool approved;
	const bson_t *doc;
};

struct holdings {
	struct batch *batch;
	struct holding *list; /* sorted by owner, the oldest first */
	size_t count, room;
};

/* Reads the withdrawals of the batch's users. */
enum err holdings_read(struct batch *batch, struct holdings *holdings);
/* Adds the notification to the worker that a withdrawal was rejected for this reason. */
#define WITHDRAWAL_NOT_COVERED "Your balance does not cover it."
void refusal_tell(struct batch *batch, struct record *record, const struct id *worker,
		  const bson_t *withdrawal, int64_t coins);
/* The part of the list that is one user's. */
const struct holding *holdings_of(const struct holdings *holdings, const struct id *user,
				  size_t *count);

/* ---- the passes ---- */

extern const struct pass submissions_pass, tasks_pass, withdrawals_pass, users_pass, payments_pass,
	notifications_pass;

/* ---- what comes late (adoption_late.c) ---- */

/* A task in the books for which work came late. */
struct late_task {
	struct id id;
	int64_t paid; /* slots that are paid for by the journal, and neither open nor taken by marked work */
	int64_t open, price;
};

struct late_tasks {
	struct doc_array wanted;
	struct late_task *list;
	size_t count;
};

void late_want(struct late_tasks *late, struct batch *batch, const struct id *task);
enum err late_read(struct late_tasks *late, struct batch *batch);
/* NULL when the task is not in the books. */
struct late_task *late_task_of(const struct late_tasks *late, const struct id *task);

/* Is anything to be adopted? A late run also reports when the journal lacks the newest users and tasks. */
enum err late_look(struct adoption *adoption, bool *any);

#endif
