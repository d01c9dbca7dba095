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
