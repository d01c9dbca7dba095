#include "store/commit_group.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "store/gather.h"
#include "store/store_private.h"
#include "store/touches.h"

#include <stdlib.h>

/* One group is away at a time. With two, at 64 clients spread out over many records, each was smaller and an answer
 * cost a fifth more of all processors' time; where all wanted one record the two conflicted, and it cost 2.5 times as
 * much. More than 32 members would save little: of what a transaction costs MongoDB alone, one of ten has to pay 13 %,
 * one of 25 has to pay 9 %. */
enum { AWAY = 1, MEMBERS_MOST = 32 };

/* A commit may wait for a slow disk, and who leaves beside it may want the records that it holds. So they wait for most of
 * the time that they have (COMMIT_MS). */
enum { LATE_MS = 2000 };

/* Of a transaction that may share one, as it is planned: a long one would hold up the others. */
enum { STEPS_MOST = 16 };

/* After a conflict a group goes again soon, as long as it lasts some 60 ms: it is likely to want the same record as a
 * group of another process, and between two of those the record is free for a moment only. Then it is taken apart. */
enum { PAUSE_MOST_MS = 4, CONFLICTS_MOST = 24 };

/* All tries of a group and of what it is taken apart into; who is left then goes alone. */
enum { TRIES_MOST = CONFLICTS_MOST + 16 };

/* How often one that found nobody to go with is tried while others gather behind it. */
enum { ALONE_MOST = 6 };

/* What one caller wants. */
struct member {
	struct txn *txn;
	int64_t deadline; /* steady milliseconds */
	bool done; /* err tells; else it has to go alone */
	enum err err;
};

/* A group that its leader works for. */
struct group {
	struct db *db; /* the leader's */
	unsigned tries; /* so far */
};

/* ---- members ---- */

static void tell(struct member **members, size_t count, enum err err)
{
	for (size_t i = 0; i < count; i++) {
		members[i]->done = true;
		members[i]->err = err;
	}
}

/* Those who still have time come to the front, in their order; how many they are. The others are told. */
static size_t keep_timely(struct member **members, size_t count)
{
	int64_t now = clock_steady();
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (now <= members[i]->deadline)
			members[kept++] = members[i];
		else
			tell(&members[i], 1, ERR_UNAVAILABLE);
	return kept;
}

/* The same without one, who goes alone. */
static size_t keep_others(struct member **members, size_t count, const struct txn *culprit)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (members[i]->txn != culprit)
			members[kept++] = members[i];
	return kept;
}

/* ---- tries ---- */

static enum outcome group_try(struct group *group, struct member *const *members, size_t count,
			      struct run *run)
{
	struct txn *txns[MEMBERS_MOST];
	struct touches touches = { .arena = members[0]->txn->arena };

	*run = (struct run){ .db = group->db,
			     .txns = txns,
			     .count = count,
			     .touches = &touches,
			     .deadline = INT64_MAX };
	for (size_t i = 0; i < count; i++) {
		txns[i] = members[i]->txn;
		if (members[i]->deadline < run->deadline)
			run->deadline = members[i]->deadline;
	}
	group->tries++;
	return commit_try(run);
}

/* Where to take apart those of whom only some found their documents: in the middle, or sooner, as it may have been one
 * document that was enough for the first few. 0: nobody found any. After anything else: in the middle. */
static size_t cut_of(const struct run *run, enum outcome outcome)
{
	size_t half = run->count / 2;

	return outcome == REFUSED && run->matched < half ? run->matched : half;
}

static void group_commit(struct group *group, struct member **members, size_t count, int conflicts);

/* Without a first part there is nobody who could commit. */
static void parts_commit(struct group *group, struct member **members, size_t count, size_t cut)
{
	if (cut == 0)
		return;
	group_commit(group, members, cut, 0);
	group_commit(group, members + cut, count - cut, 0);
}

/* Who is not done afterwards goes alone. */
static void group_commit(struct group *group, struct member **members, size_t count, int conflicts)
{
	while ((count = keep_timely(members, count)) > 1 && group->tries < TRIES_MOST) {
		struct run run;
		enum outcome outcome = group_try(group, members, count, &run);

		if (outcome == DONE || (outcome == BROKEN && run.err == ERR_UNAVAILABLE)) {
			tell(members, count, run.err);
			return;
		}
		if (outcome == AGAIN && conflicts-- > 0) {
			clock_sleep(1 + arc4random_uniform(PAUSE_MOST_MS));
		} else if (outcome == REFUSED && run.culprit) {
			count = keep_others(members, count, run.culprit);
		} else {
			parts_commit(group, members, count, cut_of(&run, outcome));
			return;
		}
	}
}

/* One that found nobody to go with, in the way that all go who are alone; but others gather behind it, who need not
 * wait for all of its conflicts. */
static void alone_commit(struct db *db, struct member *member)
{
	struct run run = {
		.db = db, .txns = &member->txn, .count = 1, .deadline = member->deadline
	};
	enum outcome outcome = commit_tries(&run, ALONE_MOST);

	if (outcome != AGAIN)
		tell(&member, 1, outcome == DONE ? OK : run.err);
}

static void group_work(void *context, void *const *wishes, size_t count)
{
	struct group group = { .db = context };
	struct member *members[MEMBERS_MOST];

	for (size_t i = 0; i < count; i++)
		members[i] = wishes[i];
	if (count == 1)
		alone_commit(context, members[0]);
	else
		group_commit(&group, members, count, CONFLICTS_MOST);
}

/* ---- lines ---- */

void commit_lines_open(struct store *store)
{
	for (size_t i = 0; i < COMMIT_LINES; i++)
		store->commit_lines[i] = gather_new(AWAY, MEMBERS_MOST, LATE_MS, group_work);
}

void commit_lines_close(struct store *store)
{
	for (size_t i = 0; i < COMMIT_LINES; i++)
		gather_free(store->commit_lines[i]);
}

/* Where those gather who have steps of the same kinds. Others who come there by accident cost a group some commands
 * more. */
static struct gather *line_of(struct store *store, const struct txn *txn)
{
	uint8_t kinds[STEPS_MOST][3];

	for (size_t i = 0; i < txn->count; i++) {
		kinds[i][0] = (uint8_t)txn->steps[i].kind;
		kinds[i][1] = (uint8_t)txn->steps[i].in;
		kinds[i][2] = (uint8_t)txn->steps[i].read;
	}
	return store->commit_lines[hash_bytes(kinds, txn->count * sizeof kinds[0]) % COMMIT_LINES];
}

bool commit_may_share(const struct txn *txn)
{
	uint64_t touched;
	bool may = txn->count > 0 && txn->count <= STEPS_MOST && !txn->together;

	for (size_t i = 0; may && i < txn->count; i++)
		may = touched_by(&txn->steps[i], &touched);
	return may;
}

bool commit_shared(struct db *db, struct txn *txn, int64_t deadline, enum err *err)
{
	struct member member = { .txn = txn, .deadline = deadline };

	gather_join(line_of(db->store, txn), &member, db);
	*err = member.err;
	return member.done;
}
