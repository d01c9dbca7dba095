#include "api/health.h"

#include "api/api.h"
#include "store/mark.h"
#include "store/setup.h"

static const struct view_row health_rows[] = {
	MEMBER("status", TEXT, .example = "\"OK\""),
	MEMBER("message", TEXT, .example = "\"Server is running\""),
};
const struct view health_view = VIEW_OF("Health", health_rows);

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
const struct view ready_view = VIEW_OF("Readiness", ready_rows, .base = &health_view);

enum err health(struct request *rq)
{
	struct json *json = respond(rq, 200);

	json_text(json, "status", "OK");
	json_text(json, "message", "Server is running");
	return OK;
}

enum err health_ready(struct request *rq)
{
	struct thread *thread = rq->thread;
	const bson_t *unmarked;
	enum err err = setup_ready(thread->db, rq->arena);

	if (err == OK)
		err = unmarked_count(thread->db, rq->arena, UNMARKED_COUNTED, &unmarked);
	if (err != OK)
		return err;
	health(rq);
	if (!bson_empty(unmarked))
		render(&rq->json, "unadopted", &unadopted_view, unmarked, &rq->caller);
	return OK;
}
