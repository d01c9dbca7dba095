#include "api/api.h"

#include "store/doc.h"
#include "store/mark.h"
#include "store/setup.h"

static const struct view_row health_rows[] = {
	MEMBER("status", TEXT, .example = "\"OK\""),
	MEMBER("message", TEXT, .example = "\"Server is running\""),
};
static const struct view health_view = VIEW_OF("Health", health_rows);

static const struct view_row unadopted_rows[] = {
	MEMBER("users", WHOLE, .flags = VIEW_OPTIONAL, .example = "3"),
	MEMBER("tasks", WHOLE, .flags = VIEW_OPTIONAL, .example = "1"),
	MEMBER("submissions", WHOLE, .flags = VIEW_OPTIONAL),
	MEMBER("withdrawals", WHOLE, .flags = VIEW_OPTIONAL),
	MEMBER("payments", WHOLE, .flags = VIEW_OPTIONAL),
	MEMBER("notifications", WHOLE, .flags = VIEW_OPTIONAL),
};
const struct view unadopted_view = VIEW_OF("Unadopted", unadopted_rows);

static const struct view_row ready_rows[] = {
	MEMBER("unadopted", OBJECT, .of = &unadopted_view, .flags = VIEW_OPTIONAL,
	       .help = "Records of each kind, counted to 1000, that came from elsewhere: they move no coins "
		       "until init-db has adopted them"),
};
static const struct view ready_view = VIEW_OF("Readiness", ready_rows, .base = &health_view);

static enum err health(struct request *rq)
{
	struct json *json = respond(rq);

	json_text(json, "status", "OK");
	json_text(json, "message", "Server is running");
	return OK;
}

static enum err health_ready(struct request *rq)
{
	const bson_t *unmarked;
	enum err err = setup_ready(rq->db, rq->arena);

	if (err == OK)
		err = unmarked_count(rq->db, rq->arena, UNMARKED_COUNTED, &unmarked);
	if (err != OK)
		return err;
	health(rq);
	if (!doc_is_empty(unmarked))
		render(&rq->json, "unadopted", &unadopted_view, unmarked, &rq->caller);
	return OK;
}

static const struct route rows[] = {
	{ GET, "/health", ACCESS_PUBLIC, .flags = ALWAYS_OPEN, .handler = health,
	  .view = &health_view, .summary = "Is the server up?" },
	{ GET, "/health/ready", ACCESS_PUBLIC, .flags = ALWAYS_OPEN, .handler = health_ready,
	  .view = &ready_view, .summary = "Can it work: is MongoDB there, is the data adopted?" },
};
const struct routes health_routes = ROUTES_OF(rows);
