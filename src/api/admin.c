#include "api/admin.h"

#include "api/api.h"
#include "api/auth.h"
#include "market/users.h"

struct role_input {
	const char *role;
};

static const char *const roles[] = { "worker", "buyer", "admin", NULL };

static const struct field role_fields[] = {
	{ .name = "role",
	  .type = FIELD_CHOICE,
	  .flags = FIELD_REQUIRED,
	  .offset = offsetof(struct role_input, role),
	  .choices = roles,
	  .help = "The new role",
	  .example = "\"buyer\"" },
};
const struct schema role_schema = { .name = "RoleInput",
				    .size = sizeof(struct role_input),
				    .fields = role_fields,
				    .count = COUNT_OF(role_fields) };

static const struct view_row message_user_rows[] = {
	{ "message", VIEW_TEXT, 0, NULL, NULL, NULL },
	{ "user", VIEW_OBJECT, 0, &user_view, NULL, NULL },
};
const struct view message_user_view = { .name = "MessageAndUser",
					.rows = message_user_rows,
					.count = COUNT_OF(message_user_rows) };

enum err admin_set_role(struct request *rq, struct event *event)
{
	const struct role_input *input = rq->body_input;

	return user_set_role(call_of(rq), &rq->ids[0], role_of(input->role), event);
}

void admin_role_set(struct request *rq, const struct event *event)
{
	struct json *json = respond(rq, 200);

	json_text(json, "message", "The role is changed.");
	render(json, "user", &user_view, event_found(event, USERS), &rq->caller);
}
