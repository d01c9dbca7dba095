#include "http/pipeline.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "http/access.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/idempotency.h"
#include "http/media.h"
#include "http/route.h"
#include "http/share.h"
#include "http/uri.h"
#include "store/mark.h"
#include "store/setup.h"

#include <string.h>

static enum err match(struct request *rq)
{
	const char *allow = NULL;

	if (!rq->uri || !rq->method || !uri_split(rq->arena, rq->uri, &rq->path, &rq->query))
		return ERR_NOT_FOUND;
	rq->route = route_match(rq->app->routes.rows, rq->app->routes.count, rq->arena, rq->method,
				rq->path, rq->id_texts, &allow, &rq->path_flags);
	if (!rq->route && !allow)
		return ERR_NOT_FOUND;
	if (allow)
		respond_header(rq, "Allow", allow);
	return rq->route ? OK : ERR_METHOD_NOT_ALLOWED;
}

static enum err check_size(struct request *rq)
{
	return rq->body_too_large || rq->body_length > REQUEST_BODY_MAX ? ERR_BODY_TOO_LARGE : OK;
}

/* An older server's data is nobody's to change before it is adopted; that is asked until it was seen once. */
static enum err check_adopted(struct request *rq)
{
	if (rq->route->flags & ALWAYS_OPEN || rq->app->adopted)
		return OK;

	enum err e = setup_ready(rq->db, rq->arena);

	if (e == OK)
		rq->app->adopted = true;
	return e;
}

/* A user restored since then signs in and reads, and moves no coins, not those of others either. */
static enum err check_open(struct request *rq)
{
	enum err e = check_adopted(rq);

	if (e == OK && rq->route->flags & IDEMPOTENT && !is_marked(rq->caller.record))
		return ERR_NOT_ADOPTED;
	return e;
}

/* A process that has not met the primary yet does not know what time it is, and tokens and signatures are judged by
 * that. */
static enum err tell_time(struct request *rq)
{
	if (clock_is_heard())
		return OK;

	enum err e = check_adopted(rq);

	rq->now = clock_now();
	return clock_is_heard() ? OK : e;
}

/* --- what was sent --- */

/* A raw body is for the handler to judge: a signature is checked before anything is read. */
static bool is_raw(const struct request *rq)
{
	return (rq->route->flags & RAW_BODY) != 0;
}

/* A body where none is needed is not looked at. */
static bool has_body(const struct request *rq)
{
	return rq->body_length > 0 && (rq->route->body || is_raw(rq));
}

static enum err check_media_type(struct request *rq)
{
	if (has_body(rq) && !media_is_plain(rq->content_encoding)) {
		respond_header(rq, "Accept-Encoding", "identity");
		return fail(rq, ERR_UNSUPPORTED_MEDIA_TYPE,
			    "The body must come as it is, not compressed or otherwise encoded: "
			    "send it without Content-Encoding.");
	}
	if (has_body(rq) && !is_raw(rq) && !media_is_json(rq->content_type))
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	return OK;
}

static void read_ids(struct request *rq)
{
	const char *name;
	size_t length;

	for (size_t i = 0; (name = route_id_name(rq->route, i, &length)) != NULL; i++) {
		if (id_parse(rq->id_texts[i], strlen(rq->id_texts[i]), &rq->ids[i]))
			continue;
		name = arena_copy(rq->arena, name, length);
		fault_add(&rq->faults, name, ERR_INVALID_ID,
			  arena_printf(rq->arena, "%s must be an id of 24 hex digits.", name));
	}
}

/* The record that is to be changed, where there is one to be found; the faults of the path are told without it. */
static enum err read_shown(struct request *rq, struct json_piece *shown)
{
	struct buffer out = { 0 };
	struct json json;

	*shown = (struct json_piece){ 0 };
	if (!rq->route->shown || rq->body_length == 0 || rq->faults.count > 0)
		return OK;
	json_start(&json, &out);
	json_object(&json, NULL);

	enum err e = rq->route->shown(rq, &json);

	json_finish(&json);
	*shown = (struct json_piece){ arena_copy(rq->arena, out.bytes, out.length), out.length };
	buffer_free(&out);
	return e;
}

static enum err read_body(struct request *rq)
{
	const struct json_piece body = { rq->body, rq->body_length };
	struct json_piece shown;
	struct err_detail detail = { 0 };
	enum err e = read_shown(rq, &shown), read = OK;

	if (e != OK)
		return e;
	rq->body_input = schema_decode_edit(rq->arena, rq->route->body, body, shown, &rq->faults,
					    &detail, &read);
	if (read != OK)
		fault_add(&rq->faults, "body", read, detail.sentence);
	return OK;
}

/* One bad field speaks for itself; several share a code, and their sentences follow each other. */
static enum err judge_faults(struct request *rq)
{
	const struct faults *faults = &rq->faults;
	const char *sentence = "";

	if (faults->count == 0)
		return OK;
	for (size_t i = 0; i < faults_told(faults); i++)
		sentence = arena_printf(rq->arena, "%s%s%s", sentence, i > 0 ? " " : "",
					faults->list[i].message);
	return fail(rq, faults->count == 1 ? faults->list[0].err : ERR_INVALID_INPUT, sentence);
}

/* What was accepted before may have faults today: a date has passed, a rule is new. Then the kept answer is still the
 * answer. `unfit` counts faults of ids and of the key itself, with which no answer can be looked up. */
static enum err recall_answer(struct request *rq, size_t unfit)
{
	if (rq->faults.count == 0 || unfit > 0)
		return OK;

	enum err e = request_recall(rq, false);

	/* the answer is another error, which does not list them */
	if (e != OK)
		memset(&rq->faults, 0, sizeof(rq->faults));
	return e;
}

static enum err read_input(struct request *rq)
{
	const struct schema *query = rq->route->query;
	enum err e = OK;

	read_ids(rq);
	request_check_key(rq);
	size_t unfit = rq->faults.count;
	if (query)
		rq->query_input = schema_decode_query(rq->arena, query, rq->query, &rq->faults);
	if (rq->route->body)
		e = read_body(rq);
	if (e == OK)
		e = recall_answer(rq, unfit);
	return e != OK || rq->replayed ? e : judge_faults(rq);
}

/* --- what is done --- */

static bool is_success(const struct request *rq)
{
	return rq->status >= 200 && rq->status <= 299;
}

static enum err act(struct request *rq)
{
	enum err e = rq->route->handler(rq);

	if (e == OK && rq->status == 0) {
		log_line(LOG_ERROR, rq->request_id, "%s %s gave no answer", rq->method,
			 rq->route->path);
		e = ERR_INTERNAL;
	}
	if (e == OK && is_success(rq))
		e = request_complete(rq);
	/* What a handler said about an answer that is not sent does not hold for the refusal. */
	if (e != OK)
		buffer_reset(&rq->headers);
	return e;
}

/* As act(), or another request acts for this one as well. */
static enum err act_once(struct request *rq)
{
	return share_fits(rq) ? share_answer(rq, act) : act(rq);
}

/* The order in which refusals come is a promise of the contract. The handler runs after them. */
static enum err (*const steps[])(struct request *rq) = {
	match,	    check_size, tell_time,     access_identify, access_admit, check_media_type,
	read_input, check_open, request_claim,
};

/*
 * A gateway that heard no answer sends the request to another worker. Meanwhile a token may have ended, or a role
 * changed: who was allowed when it was done is not told now that it was refused. While it may still be under way nobody
 * knows.
 */
static enum err recall_own(struct request *rq, enum err refusal)
{
	static const struct id nobody;

	if (id_equal(&rq->caller.id, &nobody))
		return refusal;

	struct faults told = rq->faults;

	rq->faults = (struct faults){ 0 };
	read_ids(rq);
	request_check_key(rq);

	enum err e = rq->faults.count > 0 ? OK : request_recall(rq, true);

	rq->faults = told;
	if (rq->replayed)
		return OK;
	return e == OK ? refusal : ERR_UNAVAILABLE;
}

static enum err take_steps(struct request *rq)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && !rq->replayed && i < COUNT_OF(steps); i++)
		e = steps[i](rq);
	return e == ERR_UNAUTHORIZED || e == ERR_FORBIDDEN ? recall_own(rq, e) : e;
}

/* Only a success is kept for a repeat of the key; whatever else came of it, nothing happened. */
static void release_unless_done(struct request *rq, enum err e)
{
	if (rq->claim && !rq->replayed && (e != OK || !is_success(rq)))
		request_release(rq);
}

static void finish(struct request *rq, enum err e)
{
	release_unless_done(rq, e);
	if (e == OK)
		answer_success(rq);
	else
		answer_refusal(rq, e);
	log_request(rq->request_id, rq->method ? rq->method : "-",
		    rq->route ? rq->route->path : "-", rq->status,
		    clock_steady_us() - rq->started_us);
}

enum turn pipeline_begin(struct request *rq)
{
	rq->now = clock_now();
	rq->started_us = clock_steady_us();

	enum err e = take_steps(rq);

	if (e == OK && !rq->replayed && rq->route->turn != TURN_NONE)
		return rq->route->turn;
	if (e == OK && !rq->replayed)
		e = act_once(rq);
	finish(rq, e);
	return TURN_NONE;
}

/* What was true of the caller and the clock when the wait began need not be so any more. */
void pipeline_resume(struct request *rq)
{
	rq->now = clock_now();

	enum err e = access_identify(rq);

	if (e == OK)
		e = access_admit(rq);
	if (e == OK)
		e = act(rq);
	finish(rq, e);
}

void pipeline_turn_away(struct request *rq, int seconds)
{
	rq->detail.retry_after = seconds;
	if (seconds > 0)
		log_line(LOG_WARN, rq->request_id, "No turn %s: that would take %d s",
			 turn_name(rq->route->turn), seconds);
	finish(rq, fail(rq, ERR_UNAVAILABLE,
			"Too many want this at once; please try again a little later."));
}

void pipeline_run(struct request *rq)
{
	if (pipeline_begin(rq) != TURN_NONE)
		pipeline_resume(rq);
}
