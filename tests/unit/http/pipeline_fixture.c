#include "pipeline_fixture.h"

#include "auth/caller.h"
#include "http/app.h"
#include "store/connect.h"
#include "store/doc.h"
#include "store/mark.h"

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

	if (!token)
		return ERR_UNAUTHORIZED;
	reach("auth ");
	for (size_t i = 0; i < COUNT_OF(good); i++)
		is_good = is_good || strcmp(token, good[i]) == 0;
	if (!is_good) {
		rq->caller.name = "half filled";
		return fail(rq, scene.auth_result, "This token is not good.");
	}
	caller_from(DOC(rq->arena, TEXT("name", token), TEXT("role", token), INT(MARK, MARK_OURS)),
		    &rq->caller);
	return OK;
}

static struct app app = {
	.routes = table,
	.route_count = COUNT_OF(table),
	.authenticate = authenticate,
};

/* Nobody listens there. */
#define AWAY "mongodb://127.0.0.1:1/nowhere?serverSelectionTimeoutMS=20"

void scene_close(void)
{
	char problem[256];

	app.adopted = false;
	if (!app.store) /* once: when one is closed, the driver is done for good */
		app.store = store_open(&(struct store_options){ .uri = AWAY, .answer_ms = 1000 },
				       problem);
	if (!scene.rq.db)
		scene.rq.db = db_open(app.store);
	ck_assert_ptr_nonnull(scene.rq.db);
}

void scene_setup(void)
{
	char problem[256];

	memset(&scene, 0, sizeof(scene));
	scene.rq.arena = arena_new();
	scene.rq.request_id = "req-1";
	scene.handler_status = 200;
	scene.auth_result = ERR_UNAUTHORIZED;
	scene.rq.app = &app;
	app.adopted = true;
	ck_assert_ptr_null(routes_check(table, app.route_count, problem));
}

void scene_teardown(void)
{
	arena_free(scene.rq.arena);
	buffer_free(&scene.rq.out);
	buffer_free(&scene.rq.headers);
	db_close(scene.rq.db);
}

void scene_send(const char *method, const char *uri)
{
	scene.rq.method = method;
	scene.rq.uri = uri;
	pipeline_run(&scene.rq);
}

enum turn scene_begin(const char *token)
{
	scene.rq.method = "PUT";
	scene.rq.uri = "/api/scarce";
	scene.rq.authorization = token;
	return pipeline_begin(&scene.rq);
}

void scene_resume(void)
{
	pipeline_resume(&scene.rq);
}

void scene_turn_away(int seconds)
{
	pipeline_turn_away(&scene.rq, seconds);
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
