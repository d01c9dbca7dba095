#include "streams/loop.h"

#include "auth/caller.h"
#include "base/clock.h"
#include "base/memory.h"
#include "store/doc.h"

#include <stdlib.h>

enum { USERS_AT_ONCE = 1000 };

/* A user, and until when the tokens that were issued to them are refused. */
struct standing {
	struct id user;
	int64_t refused_until;
};

struct recheck {
	struct job job; /* first */
	struct loop *loop;
	struct standing *standings; /* by user, each once */
	size_t count;
	bool failed;
};

static int standing_compare(const void *a, const void *b)
{
	const struct standing *one = a, *other = b;

	return id_compare(&one->user, &other->user);
}

static struct standing *standing_of(const struct recheck *recheck, const struct id *user)
{
	struct standing wanted = { .user = *user };

	return bsearch(&wanted, recheck->standings, recheck->count, sizeof wanted,
		       standing_compare);
}

/* ---- in the pool ---- */

static bool user_found(void *context, const bson_t *user)
{
	struct id id = doc_own_id(user);
	struct standing *standing = standing_of(context, &id);

	if (standing)
		standing->refused_until = caller_refused_until(user);
	return true;
}

static enum err read_some(struct recheck *recheck, struct pool_thread *thread, size_t first,
			  size_t count)
{
	struct doc_array ids = doc_array_new(thread->arena);

	for (size_t i = 0; i < count; i++)
		doc_array_id(&ids, &recheck->standings[first + i].user);
	return db_each(thread->db, USERS, DOC(thread->arena, SUB("_id", ARRAY("$in", ids.doc))),
		       DOC(thread->arena,
			   SUB("projection", INT("closing", 1), INT("tokens_valid_after", 1))),
		       user_found, recheck);
}

static void recheck_work(struct job *job, struct pool_thread *thread)
{
	struct recheck *recheck = (struct recheck *)job;

	for (size_t i = 0; i < recheck->count && !recheck->failed; i += USERS_AT_ONCE) {
		size_t left = recheck->count - i;

		recheck->failed = read_some(recheck, thread, i,
					    left < USERS_AT_ONCE ? left : USERS_AT_ONCE) != OK;
	}
}

/* ---- in the loop ---- */

/* While the database is away nobody can tell who is gone, and nothing is told either. */
static bool knows(const struct recheck *recheck)
{
	return !recheck->failed && !recheck->job.late;
}

static bool has_lost_access(void *context, const struct id *user, int64_t issued_at,
			    int64_t expires_at)
{
	const struct recheck *recheck = context;
	const struct standing *standing = knows(recheck) ? standing_of(recheck, user) : NULL;

	return expires_at <= clock_now() / CLOCK_SECOND ||
	       (standing && issued_at <= standing->refused_until);
}

static void recheck_handle(struct message *message, bool over)
{
	struct recheck *recheck = (struct recheck *)message;

	if (!over)
		hub_end_where(recheck->loop->hub, has_lost_access, recheck);
	free(recheck->standings);
	free(recheck);
}

/* Sorted and each once; refused unless they are found. */
static void gather(struct recheck *recheck)
{
	size_t all = hub_count(recheck->loop->hub), distinct = 0;
	struct id *users = hub_users(recheck->loop->hub);
	struct standing *standings = memory_new((all + 1) * sizeof *standings);

	for (size_t i = 0; i < all; i++)
		standings[i] = (struct standing){ .user = users[i], .refused_until = INT64_MAX };
	qsort(standings, all, sizeof *standings, standing_compare);
	for (size_t i = 0; i < all; i++)
		if (i == 0 || standing_compare(&standings[i], &standings[distinct - 1]) != 0)
			standings[distinct++] = standings[i];
	free(users);
	recheck->standings = standings;
	recheck->count = distinct;
}

void recheck_begin(struct loop *loop)
{
	struct recheck *recheck = memory_new(sizeof *recheck);

	recheck->job = (struct job){ .message = { .handle = recheck_handle },
				     .work = recheck_work,
				     .until = clock_steady() + RECHECK_S * CLOCK_SECOND };
	recheck->loop = loop;
	gather(recheck);
	pool_send(loop->pool, &recheck->job);
}
