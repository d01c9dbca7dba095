#include "http/share.h"

#include "base/clock.h"
#include "http/app.h"

#include <string.h>

/* Whoever has waited longer for the making before would hear of the end of another one too late. */
enum { WAIT_US_MAX = 2500 * 1000, FAILURES_OF_OURS = 500 };

/* A request that is to be answered, in whichever thread. */
struct member {
	struct request *rq;
	enum err (*make)(struct request *rq);
	enum err err;
	bool answered;
};

bool share_fits(const struct request *rq)
{
	return rq->app->shared && rq->route->flags & SHARED && !rq->caller.known;
}

static void tag_once(struct request *rq)
{
	json_finish(&rq->json);
	request_etag(rq->out.bytes, rq->out.length, rq->etag);
}

static void copy_answer(const struct request *from, struct request *to)
{
	to->status = from->status;
	memcpy(to->etag, from->etag, sizeof to->etag);
	buffer_reset(&to->out);
	buffer_put(&to->out, from->out.bytes, from->out.length);
	buffer_reset(&to->headers);
	buffer_put(&to->headers, from->headers.bytes, from->headers.length);
}

/* The leader came first: the time of its request would be too early for the others. */
static void leader_make(struct member *leader)
{
	bool late = clock_steady_us() - leader->rq->started_us > WAIT_US_MAX;

	leader->rq->now = clock_now();
	leader->err = late ? ERR_UNAVAILABLE : leader->make(leader->rq);
	leader->answered = true;
}

/* A gather_work: the leader's answer is that of all others. */
static void make_for_all(void *context, void *const *members, size_t count)
{
	struct member *leader = context;

	leader_make(leader);
	if (leader->err == OK)
		tag_once(leader->rq);
	else if (err_row(leader->err)->status < FAILURES_OF_OURS)
		return;
	for (size_t i = 0; i < count; i++) {
		struct member *member = members[i];

		if (member == leader)
			continue;
		member->err = leader->err;
		member->answered = true;
		if (member->err == OK)
			copy_answer(leader->rq, member->rq);
	}
}

struct gathers *share_new(void)
{
	return gathers_new(make_for_all);
}

enum err share_answer(struct request *rq, enum err (*make)(struct request *rq))
{
	struct member member = { .rq = rq, .make = make };

	gathers_join(rq->app->shared, rq->uri, &member, &member);
	return member.answered ? member.err : make(rq);
}
