/* What the files that make the demo data share. Others include seed.h. */
#ifndef CTL_SEED_PRIVATE_H
#define CTL_SEED_PRIVATE_H

#include "auth/password.h"
#include "ctl/seed.h"

/* What has become of a task. */
enum fate { OPEN, COMPLETED, CANCELLED, EXPIRED };

/* How a task stands. */
struct shape {
	int open; /* slots still open, or refunded at the end */
	int approved, rejected, pending;
	enum fate fate;
	int days; /* until the deadline */
	bool whole_day;
};

/* What a user's tasks and submissions add up to. */
struct tally {
	int64_t coins; /* earned; below 0: spent */
	int32_t open_tasks, pending;
};

/* The most documents of one collection that a batch holds. */
#define SEED_BULK_MAX 4000

struct bulk {
	const bson_t *docs[SEED_BULK_MAX];
	size_t count;
};

/* Users are numbered: the admin 0, then the buyers, then the workers; tasks from 0 on. */
struct seeding {
	struct db *db;
	struct arena *arena; /* lives as long as a batch */
	int64_t tasks, buyers, workers;
	int64_t now;
	bool finished; /* by an earlier run */
	char hash[PASSWORD_HASH_SIZE];
	struct tally *tallies; /* by the user's number */
	struct bulk bulks[COLLECTION_COUNT];
};

/* ---- what follows from the number ---- */

enum kind { KIND_USER = 1, KIND_TASK, KIND_SUBMISSION, KIND_NOTIFICATION };

/* An id made of "demo", the kind and the number, so ids are in the order of numbers. */
struct id seed_id(enum kind kind, int64_t number);
/* Numbers are below this. */
#define SEED_NUMBERS (INT64_C(1) << 56)

const struct shape *seed_shape(int64_t task);
/* How many submissions such a task has: first the approved, then the rejected, then the pending ones. */
int seed_works(const struct shape *shape);
int64_t seed_buyer(const struct seeding *seeding, int64_t task);
int64_t seed_worker(const struct seeding *seeding, int64_t task, int64_t work);
bool seed_is_buyer(const struct seeding *seeding, int64_t user);
const char *seed_email(struct seeding *seeding, int64_t user);
int64_t seed_created_at(const struct seeding *seeding, int64_t task);
/* Adds up what the tasks and submissions of each user come to. */
void seed_tally(struct seeding *seeding);

/* ---- texts, chosen by the number ---- */

struct seed_task {
	const char *title, *category, *detail, *submission_info;
	int64_t price;
};

/* The index-th kind of task. After the last the first comes again. */
const struct seed_task *seed_task(int64_t index);
/* Its title, which differs in each round. */
const char *seed_title(struct arena *arena, int64_t index);

/* "Mia Tanaka", and "mia.tanaka", which differs for each number. */
const char *seed_name(struct arena *arena, int64_t number);
const char *seed_mailbox(struct arena *arena, int64_t number);

/* What a worker handed in, and why a buyer rejected it. */
const char *seed_work(int64_t index);
const char *seed_reason(int64_t index);

/* ---- records, added to the batch ---- */

void seed_add_user(struct seeding *seeding, int64_t user);
/* The task with its submissions, the journal rows and the notifications. */
void seed_add_task(struct seeding *seeding, int64_t task);

#endif
