/*
 * What the files of adoption share.
 *
 * A pass reads one collection in batches. For each batch it looks up, in a few queries, what its records depend on,
 * then plans each record's change as a transaction; a dry run stops there. Transactions of a single step travel in
 * bulk, all others are transactions of their own, run by several threads. Every transaction sets the record's mark
 * and is guarded by its absence and by the fields that were read. The order of the passes (adoption.c) lets each
 * depend on finished ones alone.
 *
 * Records may come late, restored or written by an older server that ran on: what they belong to is in the books
 * then, and what they hold is taken from there (adoption_late.c).
 */
#ifndef MARKET_ADOPTION_PRIVATE_H
#define MARKET_ADOPTION_PRIVATE_H

#include "market/adoption.h"
#include "market/ledger.h"
#include "market/market.h"
#include "store/doc.h"
#include "store/mark.h"
#include "store/txn.h"

/* Nothing larger is believed: JavaScript counts no further either, and sums of many stay within int64. */
#define ADOPTION_COINS_MOST INT64_C(9007199254740991)
#define ADOPTION_PRICE_MOST INT64_C(1000000000)
#define ADOPTION_SLOTS_MOST INT64_C(1000000)

/* ---- the report (adoption_report.c) ---- */

/* In the order in which they are told; adoption_report.c words them. */
enum rule {
	RULE_USER_OPENED,
	RULE_USER_KNOWN,
	RULE_USER_COINS_FLOORED,
	RULE_USER_COINS_BAD,
	RULE_USER_PENDING_BACK,
	RULE_USER_PENDING_SPENT,
	RULE_USER_EMAIL_TRIMMED,
	RULE_USER_EMAIL_BLANKS,
	RULE_USER_EMAIL_SHARED,
	RULE_USER_EMAIL_MISSING,
	RULE_USER_ROLE_SET,
	RULE_USER_ROLE_FOLDED,
	RULE_USER_ROLE_UNKNOWN,
	RULE_USER_ID_ODD,
	RULE_TASK_OPENED,
	RULE_TASK_KNOWN,
	RULE_TASK_BAD_AMOUNTS,
	RULE_TASK_NO_BUYER,
	RULE_TASK_COMPLETED,
	RULE_TASK_SLOTS_TAKEN,
	RULE_TASK_OVERSUBSCRIBED,
	RULE_TASK_ENDED_WITH_SLOTS,
	RULE_TASK_AMOUNTS_FLOORED,
	RULE_TASK_STATUS_UNKNOWN,
	RULE_TASK_NO_DEADLINE,
	RULE_TASK_OWNERLESS,
	RULE_WORK_NO_TASK,
	RULE_WORK_NO_WORKER,
	RULE_WORK_TASK_UNFIT,
	RULE_WORK_NO_SLOT,
	RULE_WORK_SLOT_TAKEN,
	RULE_WORK_PAID,
	RULE_WORK_PRICE_SET,
	RULE_WORK_AMOUNT_FLOORED,
	RULE_WORK_AMOUNT_BAD,
	RULE_WORK_TWICE,
	RULE_WORK_STATUS_UNKNOWN,
	RULE_WORK_OWNERLESS,
	RULE_WITHDRAWAL_HELD,
	RULE_WITHDRAWAL_FROM_COINS,
	RULE_WITHDRAWAL_NOT_COVERED,
	RULE_WITHDRAWAL_DECIDED,
	RULE_WITHDRAWAL_NO_WORKER,
	RULE_WITHDRAWAL_FLOORED,
	RULE_WITHDRAWAL_BAD,
	RULE_WITHDRAWAL_STATUS_UNKNOWN,
	RULE_WITHDRAWAL_OWNERLESS,
	RULE_PAYMENT_FLOORED,
	RULE_PAYMENT_BAD,
	RULE_PAYMENT_TWICE,
	RULE_PAYMENT_OWNERLESS,
	RULE_PAYMENT_CREDITED,
	RULE_NOTIFICATION_OWNERLESS,
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

void id_set_add(struct arena *arena, struct id_set *set, const struct id *id);
void id_set_sort(struct id_set *set);
bool id_set_has(const struct id_set *set, const struct id *id);

/* ---- the run ---- */

struct adoption {
	const struct adoption_order *order;
	struct arena *arena;
	struct report report;
	struct id_set keyless[MARKED_COUNT]; /* others have their unique key */
	struct id_set untrimmed; /* users: others have their address without its blanks */
	struct db *threads[ADOPTION_THREADS];
	size_t thread_count;
	int64_t now;
	int64_t told; /* steady time of the last line of progress */
	bool missed; /* a record changed while its batch was worked on: look again */
};

/* ---- passes (adoption_batch.c) ---- */

struct record {
	const bson_t *doc; /* as it was read */
	struct id id;
	bool has_id; /* its _id is an ObjectId, so calls and the journal can name it */
	const char *key; /* the unique key that it gets; NULL: none */
	bson_t *filter, *set; /* the first step to be: guards, and what becomes of the fields */
	struct txn txn;
	struct note *notes;
	size_t note_count, note_room;
	bool done;
};

struct batch {
	struct adoption *adoption;
	struct arena *arena; /* of this batch */
	struct call *call; /* the service acts */
	struct record *records;
	size_t count;
	void *known; /* what look() found */
};

/* A unique key of ours that a collection's records have. */
struct unique_key {
	const char *field;
	enum rule rule; /* of those that go without, as another has it */
	/* The record's; NULL: none. After the pass has looked. */
	const char *(*text)(struct batch *batch, const struct record *record);
};

/* Works on what bears no mark. */
struct pass {
	const char *doing; /* for the line of progress */
	enum collection in;
	const struct unique_key *key; /* NULL: none */
	enum err (*look)(struct batch *batch); /* may be NULL */
	/* Fills record->set, may add guards, notes and further steps. */
	void (*plan)(struct batch *batch, struct record *record);
	bool unmarking; /* goes ahead of the pass that sets the mark, and a taken key is no failure */
};

enum err pass_run(struct adoption *adoption, const struct pass *pass);

/* Ends a record's own part of its plan: adds record->set, with its key and this mark, as the first step of its
 * transaction. */
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

/* Sets a date field unless it is one already: to the date that it tells, or to the one given. */
void set_date(bson_t *set, const bson_t *doc, const char *field, int64_t on_miss);
/* createdAt and updatedAt. */
void set_times(bson_t *set, const bson_t *doc);
/* Sets a text that is missing. */
void set_default(bson_t *set, const bson_t *doc, const char *field, const char *text);

/* The status, or the default of the older server's schema where there is none. */
const char *status_of(const bson_t *doc, const char *on_miss);

/* ---- whose e-mail is it? (adoption_people.c) ---- */

struct person {
	struct id id;
	const char *email, *key; /* as registered; its lower case */
	int64_t created, coins;
	bool keyed; /* holds email_key */
	bool marked;
};

struct people {
	struct batch *batch;
	struct arena *arena;
	struct doc_array emails, ids; /* wanted */
	const char **wanted; /* the emails */
	size_t wanted_room;
	struct person *found;
	size_t count, room;
	struct person **by_id, **by_email, **by_key; /* sorted so */
};

void people_start(struct people *people, struct batch *batch, struct arena *arena);
/* Both ways in which a record may name its owner; an e-mail that is missing or empty is passed over. */
void people_want_owner(struct people *people, const bson_t *doc, const char *id_field,
		       const char *email_field);
enum err people_read(struct people *people);

/* By the id where it is a user's, else by the e-mail: the user registered with exactly this address, else the oldest
 * with it in another case. */
bool people_owner(const struct people *people, const bson_t *doc, const char *id_field,
		  const char *email_field, struct id *id);
/* One who was found; their coins count only when they are in the books. */
const struct person *people_person(const struct people *people, const struct id *id);

/* Without the blanks at its ends. */
const char *email_trim(struct arena *arena, const char *email);
bool email_has_blanks(struct arena *arena, const char *email);
/* As email_key is made: without those blanks, in lower case (base/email.h). */
const char *email_key_of(struct arena *arena, const char *email);
/* The same as an expression of the server's, for a field path ("$email"); empty for what is no text. */
bson_t *fold_of(struct arena *arena, const char *path);
/* The oldest first; those of one moment by their ids. */
int age_compare(int64_t created, const struct id *id, int64_t other_created,
		const struct id *other);

/* ---- tasks as the other passes need them (adoption_tasks.c) ---- */

struct task_facts {
	struct id id, buyer;
	bool has_buyer;
	enum { TASK_ACTIVE, TASK_COMPLETE, TASK_CANCELLED, TASK_OTHER } status;
	struct amount price, slots;
	bool price_good, slots_good;
	bool keeps_work; /* its pending submissions can be paid and reviewed */
	bool marked; /* in the books already */
};

/* What of a task these facts need, as a projection. */
bson_t *task_facts_fields(struct arena *arena);
void task_facts_want(struct people *people, const bson_t *task);
struct task_facts task_facts_of(const struct people *people, const bson_t *task);

/* ---- what the journal has (adoption_journal.c) ---- */

struct journal {
	struct batch *batch;
	struct doc_array keys; /* wanted */
	const char **found; /* sorted */
	size_t found_count;
	const char *field; /* of the rows about … */
	struct doc_array owners; /* … these, wanted */
	struct id_set known; /* those that have rows */
};

void journal_start(struct journal *journal, struct batch *batch);
void journal_want(struct journal *journal, const char *kind, const struct id *id);
enum err journal_read(struct journal *journal);
bool journal_has(const struct journal *journal, const char *kind, const struct id *id);

/* Is there any row about this user, or task? field says which; one kind for each journal. */
void journal_want_owner(struct journal *journal, const char *field, const struct id *id);
bool journal_knows(const struct journal *journal, const struct id *id);

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
	bool ours; /* asked for with us: held from the start */
	const bson_t *doc;
};

struct holdings {
	struct people people; /* a dry run has to find out whose they are */
	struct journal *journal;
	struct holding *list; /* by owner, oldest first */
	size_t count, room;
};

/* Reads those of the batch's users, and the journal for them and for what its user wanted of it. */
enum err holdings_read(struct batch *batch, struct journal *journal, struct holdings *holdings);
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

/* users' addresses and email_key, so that owners are found by it; slot_key of submissions, txn_key of payments. */
extern const struct pass email_pass;
extern const struct unique_key email_unique, slot_key, transaction_key;
/* A user's; NULL: none. */
const char *email_key_text(struct arena *arena, const bson_t *user);

/* Unique keys: of duplicates the first gets it; the others are noted, and told. */
enum err email_twins(struct adoption *adoption);
enum err slot_twins(struct adoption *adoption);
enum err transaction_twins(struct adoption *adoption);
/* The keys of a batch: of those that are not noted as going without, those that nobody else has. */
enum err keys_choose(struct batch *batch, const struct pass *pass);
/* "<worker>:<task>" */
const char *slot_key_text(struct arena *arena, const struct id *worker, const struct id *task);

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
