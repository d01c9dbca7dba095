#include "http/pipeline.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "http/answer.h"
#include "http/media.h"
#include "http/uri.h"

#include <string.h>
#include <strings.h>

#define IDEMPOTENCY_KEY_MAX 255

static enum err match(const struct service *service, struct request *rq)
{
	const char *allow = NULL;

	if (!rq->uri || !rq->method || !uri_split(rq->arena, rq->uri, &rq->path, &rq->query))
		return ERR_NOT_FOUND;
	rq->route = route_match(service->routes, service->route_count, rq->arena, rq->method,
				rq->path, rq->id_texts, &allow, &rq->path_flags);
	if (!rq->route && !allow)
		return ERR_NOT_FOUND;
	if (allow)
		respond_header(rq, "Allow", allow);
	return rq->route ? OK : ERR_METHOD_NOT_ALLOWED;
}

static enum err check_size(const struct service *service, struct request *rq)
{
	(void)service;
	return rq->body_too_large || rq->body_length > REQUEST_BODY_MAX ? ERR_BODY_TOO_LARGE : OK;
}

/* --- who asks --- */

/* The token of "Bearer <token>"; NULL when there is none or it is something else. */
static const char *bearer_token(struct arena *arena, const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return NULL;

	const char *token = authorization + sizeof(scheme) - 1;

	token += strspn(token, " ");

	size_t length = strcspn(token, " \t");

	if (length == 0 || token[length + strspn(token + length, " \t")] != '\0')
		return NULL;
	return arena_copy(arena, token, length);
}

/* Answers as if no token had come. */
static enum err forget_caller(struct request *rq)
{
	memset(&rq->caller, 0, sizeof(rq->caller));
	memset(&rq->detail, 0, sizeof(rq->detail));
	return OK;
}

static enum err find_caller(const struct service *service, struct request *rq)
{
	const char *token = bearer_token(rq->arena, rq->authorization);

	if (token)
		return service->authenticate(rq, token);
	return service->recognise ? service->recognise(rq) : ERR_UNAUTHORIZED;
}

static enum err identify(const struct service *service, struct request *rq)
{
	bool optional = rq->route->access == ACCESS_OPTIONAL;

	if (rq->route->access == ACCESS_PUBLIC)
		return OK;

	enum err e = find_caller(service, rq);

	/* A front end sends its stale token everywhere, even when it logs in. */
	if (optional && (e == ERR_UNAUTHORIZED || e == ERR_TOKEN_EXPIRED))
		return forget_caller(rq);
	return e;
}

static enum err admit(const struct service *service, struct request *rq)
{
	unsigned roles = rq->route->access & ACCESS_ANY;

	(void)service;
	return roles == 0 || roles & rq->caller.role ? OK : ERR_FORBIDDEN;
}

/* --- what was sent --- */

static bool has_body(const struct request *rq)
{
	return rq->route->method != GET && rq->body_length > 0;
}

/* A raw body is for the handler to judge: a signature is checked before anything is read. */
static bool is_raw(const struct request *rq)
{
	return (rq->route->flags & RAW_BODY) != 0;
}

static enum err check_media_type(const struct service *service, struct request *rq)
{
	(void)service;
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

static void read_body(struct request *rq)
{
	const struct schema *schema = rq->route->body;
	size_t length = has_body(rq) ? rq->body_length : 0;
	struct err_detail detail = { 0 };
	enum err e = OK;

	if (schema)
		rq->body_input = schema_decode_body(rq->arena, schema, rq->body, length,
						    &rq->faults, &detail, &e);
	else
		e = schema_check_body(rq->arena, rq->body, length, &detail);
	if (e != OK)
		fault_add(&rq->faults, "body", e, detail.sentence);
}

static void check_idempotency_key(struct request *rq)
{
	const char *key = rq->idempotency_key;
	size_t length = 0;

	if (!key || !(rq->route->flags & IDEMPOTENT))
		return;
	while (key[length] >= 0x20 && key[length] <= 0x7E)
		length++;
	if (length == 0 || length > IDEMPOTENCY_KEY_MAX || key[length] != '\0')
		fault_add(&rq->faults, "Idempotency-Key", ERR_INVALID_INPUT,
			  "Idempotency-Key must be 1 to 255 printable ASCII characters.");
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

static enum err read_input(const struct service *service, struct request *rq)
{
	const struct schema *query = rq->route->query;

	(void)service;
	read_ids(rq);
	if (query)
		rq->query_input = schema_decode_query(rq->arena, query, rq->query, &rq->faults);
	if (!is_raw(rq))
		read_body(rq);
	check_idempotency_key(rq);
	return judge_faults(rq);
}

/* --- what is done --- */

static enum err check_open(const struct service *service, struct request *rq)
{
	return service->open && !(rq->route->flags & ALWAYS_OPEN) ? service->open(rq) : OK;
}

static enum err claim_key(const struct service *service, struct request *rq)
{
	if (!rq->idempotency_key || !(rq->route->flags & IDEMPOTENT))
		return OK;
	return service->claim(rq);
}

static enum err act(const struct service *service, struct request *rq)
{
	if (rq->replayed)
		return OK;

	enum err e = rq->route->change ? service->commit(rq) : rq->route->handler(rq);

	if (e == OK && rq->status == 0) {
		log_line(LOG_ERROR, rq->request_id, "%s %s gave no answer", rq->method,
			 rq->route->path);
		e = ERR_INTERNAL;
	}
	/* What a handler said about an answer that is not sent does not hold for the refusal. */
	if (e != OK)
		buffer_reset(&rq->headers);
	return e;
}

/* The order in which refusals come is a promise of the contract. */
static enum err (*const steps[])(const struct service *service, struct request *rq) = {
	match,	    check_size, identify,  admit, check_media_type,
	read_input, check_open, claim_key, act,
};

static enum err take_steps(const struct service *service, struct request *rq)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && i < COUNT_OF(steps); i++)
		e = steps[i](service, rq);
	return e;
}

/* Only a success is kept for a repeat of the key; whatever else came of it, nothing happened. */
static void release_unless_done(const struct service *service, struct request *rq, enum err e)
{
	if (rq->claim && !rq->replayed && (e != OK || rq->status < 200 || rq->status > 299))
		service->release(rq);
}

void pipeline_run(const struct service *service, struct request *rq)
{
	rq->now = clock_now();
	rq->started_us = clock_steady_us();

	enum err e = take_steps(service, rq);

	release_unless_done(service, rq, e);
	if (e == OK)
		answer_success(rq);
	else
		answer_refusal(rq, e);
	log_request(rq->request_id, rq->method ? rq->method : "-",
		    rq->route ? rq->route->path : "-", rq->status,
		    clock_steady_us() - rq->started_us);
}
