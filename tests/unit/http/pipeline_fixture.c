#include "pipeline_fixture.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct scene scene;

struct thing {
	const char *name;
	struct number size;
};

static const struct field thing_rows[] = {
	FIELD("name", TEXT, thing, name, .flags = FIELD_REQUIRED, .min = 1, .max = 10),
	FIELD("size", COINS, thing, size, .min = 1, .max = 100, .below_tells = "smallest"),
};

static const struct schema thing_input = {
	.name = "ThingInput", .size = sizeof(struct thing), .fields = thing_rows, .count = 2
};

static const struct field edit_rows[] = {
	FIELD("name", TEXT, thing, name, .min = 1, .max = 10),
};

static const struct schema edit_input = {
	.name = "ThingEdit", .size = sizeof(struct thing), .fields = edit_rows, .count = 1
};

struct paging {
	struct number page;
};

static const struct field paging_rows[] = {
	FIELD("page", WHOLE, paging, page, .min = 1),
};

static const struct schema paging_input = {
	.name = "Paging", .size = sizeof(struct paging), .fields = paging_rows, .count = 1
};

static const struct view_row answer_rows[] = { MEMBER("name", TEXT) };
static const struct view thing_view = VIEW_OF("Thing", answer_rows);

static void reach(const char *step)
{
	strncat(scene.reached, step, sizeof(scene.reached) - strlen(scene.reached) - 1);
}

static void write_thing(struct request *rq)
{
	const struct thing *thing = rq->body_input;
	struct json *json = respond_status(rq, scene.handler_status);

	json_text(json, "name", thing ? thing->name : "none");
	json_text(json, "caller", rq->caller.known ? rq->caller.name : NULL);
	json_array(json, "left_open");
}

static enum err do_thing(struct request *rq)
{
	if (scene.handler_status != 0)
		write_thing(rq);
	respond_header(rq, "X-Thing", "yes");
	if (scene.insufficient) {
		err_number(&rq->detail, "required", 30);
		err_number(&rq->detail, "available", 7);
	}
	rq->detail.retry_after = scene.retry_after;
	if (scene.field)
		return fail_field(rq, scene.field, scene.handler_result, scene.sentence);
	return fail(rq, scene.handler_result, scene.sentence);
}

static enum err handle(struct request *rq)
{
	reach("handle ");
	if (scene.handler_keeps)
		rq->claim = NULL;
	return do_thing(rq);
}

static enum err shown(struct request *rq, struct json *json)
{
	(void)rq;
	reach("shown ");
	json_text(json, "name", "longer than names are");
	return scene.shown_result;
}

static const struct route table[] = {
	{ .method = GET,
	  .path = "/open",
	  .access = ACCESS_PUBLIC,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = POST,
	  .path = "/open",
	  .access = ACCESS_PUBLIC,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = POST,
	  .path = "/raw",
	  .access = ACCESS_PUBLIC,
	  .flags = RAW_BODY,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = GET,
	  .path = "/said",
	  .access = ACCESS_PUBLIC,
	  .flags = SAYS_SUCCESS,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = GET,
	  .path = "/things",
	  .access = ACCESS_OPTIONAL,
	  .query = &paging_input,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = GET,
	  .path = "/things/:id",
	  .access = ACCESS_ANY,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = PUT,
	  .path = "/things/:id",
	  .access = ACCESS_WORKER,
	  .query = &paging_input,
	  .body = &thing_input,
	  .flags = IDEMPOTENT,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = DELETE,
	  .path = "/things/:id",
	  .access = ACCESS_WORKER | ACCESS_ADMIN,
	  .flags = IDEMPOTENT,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = PUT,
	  .path = "/edits/:id",
	  .access = ACCESS_WORKER,
	  .body = &edit_input,
	  .shown = shown,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = PUT,
	  .path = "/pairs/:a/:b",
	  .access = ACCESS_WORKER,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = PUT,
	  .path = "/scarce",
	  .access = ACCESS_WORKER,
	  .flags = IDEMPOTENT,
	  .turn = TURN_PROVIDER,
	  .handler = handle,
	  .view = &thing_view },
	{ .method = GET,
	  .path = "/alive",
	  .access = ACCESS_PUBLIC,
	  .flags = ALWAYS_OPEN,
	  .handler = handle,
	  .view = &thing_view },
};

/* "boss" is somebody of a role that nobody knows. */
static enum err authenticate(struct request *rq, const char *token)
{
	static const char *const good[] = { "worker", "buyer", "boss" };
	bool is_good = false;

	reach("auth ");
	for (size_t i = 0; i < COUNT_OF(good); i++)
		is_good = is_good || strcmp(token, good[i]) == 0;
	if (!is_good) {
		rq->caller.name = "half filled";
		return fail(rq, scene.auth_result, "This token is not good.");
	}
	rq->caller.known = true;
	rq->caller.role = role_of(token);
	rq->caller.name = token;
	return OK;
}

static enum err recognise(struct request *rq)
{
	reach("recognise ");
	if (!rq->query || strcmp(rq->query, "ticket=good") != 0)
		return ERR_UNAUTHORIZED;
	rq->caller.known = true;
	rq->caller.role = ROLE_WORKER;
	return OK;
}

static enum err is_open(struct request *rq)
{
	(void)rq;
	return scene.closed ? ERR_UNAVAILABLE : OK;
}

static void replay_done(struct request *rq)
{
	if (strcmp(rq->idempotency_key, "done") != 0)
		return;
	rq->replayed = true;
	rq->status = 201;
	buffer_text(&rq->out, "{\"kept\":true}");
}

static enum err claim(struct request *rq)
{
	reach("claim ");
	if (strcmp(rq->idempotency_key, "reused") == 0)
		return ERR_KEY_REUSED;
	if (strcmp(rq->idempotency_key, "running") == 0)
		return ERR_IN_PROGRESS;
	rq->claim = &scene;
	replay_done(rq);
	return OK;
}

static enum err recall(struct request *rq, bool own)
{
	(void)own;
	reach("recall ");
	if (strcmp(rq->idempotency_key, "running") == 0)
		return ERR_IN_PROGRESS;
	replay_done(rq);
	return OK;
}

static void release(struct request *rq)
{
	ck_assert_ptr_eq(rq->claim, &scene);
	reach("release ");
}

static enum err complete(struct request *rq)
{
	ck_assert_ptr_eq(rq->claim, &scene);
	reach("complete ");
	return scene.complete_result;
}

static struct service service = {
	.routes = table,
	.route_count = sizeof(table) / sizeof(table[0]),
	.authenticate = authenticate,
	.open = is_open,
	.claim = claim,
	.recall = recall,
	.release = release,
	.complete = complete,
};

void scene_recognises(void)
{
	service.recognise = recognise;
}

void scene_setup(void)
{
	char problem[256];

	memset(&scene, 0, sizeof(scene));
	scene.rq.arena = arena_new();
	scene.rq.request_id = "req-1";
	scene.handler_status = 200;
	scene.auth_result = ERR_UNAUTHORIZED;
	service.recognise = NULL;
	ck_assert_ptr_null(routes_check(table, service.route_count, problem));
}

void scene_teardown(void)
{
	arena_free(scene.rq.arena);
	buffer_free(&scene.rq.out);
	buffer_free(&scene.rq.headers);
}

void scene_send(const char *method, const char *uri)
{
	scene.rq.method = method;
	scene.rq.uri = uri;
	pipeline_run(&service, &scene.rq);
}

enum turn scene_begin(const char *token)
{
	scene.rq.method = "PUT";
	scene.rq.uri = "/api/scarce";
	scene.rq.authorization = token;
	return pipeline_begin(&service, &scene.rq);
}

void scene_resume(void)
{
	pipeline_resume(&service, &scene.rq);
}

void scene_turn_away(int seconds)
{
	pipeline_turn_away(&service, &scene.rq, seconds);
}

void scene_put(const char *body)
{
	scene.rq.authorization = "Bearer worker";
	scene.rq.content_type = "application/json";
	scene.rq.body = body;
	scene.rq.body_length = strlen(body);
	scene_send("PUT", "/api/things/" SCENE_ID);
}

static const char *text(const struct buffer *buffer)
{
	return buffer->length > 0 ? buffer->bytes : "";
}

void expect_status(int status)
{
	ck_assert_msg(scene.rq.status == status, "%d, not %d: %s", scene.rq.status, status,
		      text(&scene.rq.out));
}

void expect_header(const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s\r\n", line);
	ck_assert_msg(strstr(text(&scene.rq.headers), whole) != NULL, "no %s in %s", line,
		      text(&scene.rq.headers));
}

void expect_no_header(const char *name)
{
	ck_assert_msg(strstr(text(&scene.rq.headers), name) == NULL, "%s in %s", name,
		      text(&scene.rq.headers));
}

void expect_in_body(const char *part)
{
	ck_assert_msg(strstr(text(&scene.rq.out), part) != NULL, "no %s in %s", part,
		      text(&scene.rq.out));
}

void expect_code(const char *code)
{
	char part[64];

	snprintf(part, sizeof(part), "\"code\":\"%s\",\"requestId\":\"req-1\"", code);
	expect_in_body(part);
}

void expect_reached(const char *steps)
{
	ck_assert_str_eq(scene.reached, steps);
}
