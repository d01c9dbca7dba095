#include "market/market.h"

#include "store/doc.h"
#include "store/list.h"

const char *call_actor(const struct call *call)
{
	if (!call->caller->known)
		return "service";
	return id_text(call->arena, &call->caller->id);
}

bool call_owns(const struct call *call, const bson_t *record, const char *owner_field)
{
	struct id owner;

	return call->caller->known && doc_id(record, owner_field, &owner) &&
	       id_equal(&owner, &call->caller->id);
}

bool call_is_admin(const struct call *call)
{
	return call->caller->known && call->caller->role == ROLE_ADMIN;
}

const char *call_own_name(const struct call *call, const char *name)
{
	return LIST_NAME(call->arena, name, id_text(call->arena, &call->caller->id));
}
