#include "streams/loop.h"

#include "base/clock.h"
#include "base/memory.h"
#include "market/missed.h"
#include "streams/frame.h"

#include <stdlib.h>

struct catch_up {
	struct job job; /* first */
	struct stream *stream;
	struct id user;
	char *last;
	int64_t opened; /* when the stream was: from then on it holds what comes */
	struct buffer frames;
	bool failed;
};

/* ---- in the pool ---- */

static bool put_missed(void *context, const bson_t *notification)
{
	struct catch_up *catch_up = context;

	frame_notification(&catch_up->frames, notification);
	return catch_up->frames.length <= STREAM_PENDING_CUT;
}

static enum err read_from(struct catch_up *catch_up, struct pool_thread *thread,
			  const struct missed_place *from)
{
	bool too_many;
	enum err err = missed_each(thread->db, thread->arena, &catch_up->user, from, put_missed,
				   catch_up, &too_many);

	/* A stream with that much pending is dropped anyway. Only messages of older data are so long. */
	if (err == OK && (too_many || catch_up->frames.length > STREAM_PENDING_CUT)) {
		buffer_reset(&catch_up->frames);
		frame_reset(&catch_up->frames, catch_up->opened);
	}
	return err;
}

static enum err read_missed(struct catch_up *catch_up, struct pool_thread *thread)
{
	struct missed_place from;
	struct id id;
	int64_t when;
	bool known = true;
	enum err err = OK;

	buffer_reset(&catch_up->frames);
	if (frame_id_read(catch_up->last, &id, &when) == FRAME_ID_MOMENT)
		from = missed_place_at(when);
	else
		err = missed_place_of(thread->db, thread->arena, &catch_up->user, &id, &from,
				      &known);
	if (err == OK && known)
		err = read_from(catch_up, thread, &from);
	else if (err == OK)
		frame_resume_point(&catch_up->frames, catch_up->opened);
	return err;
}

static void catch_up_work(struct job *job, struct pool_thread *thread)
{
	struct catch_up *catch_up = (struct catch_up *)job;
	enum err err;

	do {
		err = read_missed(catch_up, thread);
	} while (err == ERR_UNAVAILABLE && pool_wait(thread->pool, job));
	catch_up->failed = err != OK;
}

/* ---- in the loop ---- */

/* Without what was missed the stream had a hole: rather none, and the reader tries again. */
static void catch_up_handle(struct message *message, bool over)
{
	struct catch_up *catch_up = (struct catch_up *)message;

	stream_go_on(catch_up->stream, catch_up->frames.bytes, catch_up->frames.length,
		     catch_up->failed || catch_up->job.late || over);
	buffer_free(&catch_up->frames);
	free(catch_up->last);
	free(catch_up);
}

void catch_up_begin(struct loop *loop, struct stream *stream, const struct id *user,
		    const char *last)
{
	struct catch_up *catch_up = memory_new(sizeof *catch_up);

	*catch_up = (struct catch_up){
		.job = { .message = { .handle = catch_up_handle },
			 .work = catch_up_work,
			 .until = clock_steady() + LOOP_PATIENCE_MS },
		.stream = stream,
		.user = *user,
		.last = memory_text(last),
		.opened = clock_now(),
	};
	pool_send(loop->pool, &catch_up->job);
}
