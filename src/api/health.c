#include "api/health.h"

#include "api/api.h"
#include "store/setup.h"

static const struct view_row health_rows[] = {
	{ .field = "status", .type = VIEW_TEXT, .example = "\"OK\"" },
	{ .field = "message", .type = VIEW_TEXT, .example = "\"Server is running\"" },
};
const struct view health_view = VIEW_OF("Health", health_rows);

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
	enum err err = setup_ready(thread->db, rq->arena);

	return err == OK ? health(rq) : err;
}
