#include "market/notifications.h"

#include "store/doc.h"

void notify(const struct call *call, struct event *event, const struct notice *notice)
{
	struct id id = doc_new_id();

	if (!notice->user)
		return;
	event_insert(event, NOTIFICATIONS,
		     DOC(call->arena, "_id", BCON_ID(&id), "user_id", BCON_ID(notice->user),
			 "toEmail", BCON_UTF8(notice->email ? notice->email : ""), "message",
			 BCON_UTF8(notice->message), "actionRoute", BCON_UTF8(notice->page), "type",
			 BCON_UTF8(notice->type), "isRead", BCON_BOOL(false), "archived",
			 BCON_BOOL(false), "createdAt", BCON_DATE_TIME(call->now), "updatedAt",
			 BCON_DATE_TIME(call->now)),
		     ERR_INTERNAL);
}

struct told {
	struct call *call;
	struct event *event;
	const struct notice *notice;
};

static bool admin_tell(void *context, const bson_t *admin)
{
	struct told *told = context;
	struct notice notice = *told->notice;
	struct id id;

	notice.user = doc_id(admin, "_id", &id) ? &id : NULL;
	notice.email = doc_text(admin, "email");
	notify(told->call, told->event, &notice);
	return true;
}

enum err notify_admins(struct call *call, struct event *event, const struct notice *notice)
{
	struct told told = { .call = call, .event = event, .notice = notice };
	bson_t *fields = DOC(call->arena, "projection", "{", "email", BCON_INT32(1), "}");

	return db_each(call->db, USERS,
		       DOC(call->arena, "role", BCON_UTF8(role_name(ROLE_ADMIN)), "closing", "{",
			   "$ne", BCON_BOOL(true), "}"),
		       fields, admin_tell, &told);
}
