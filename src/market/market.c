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

enum err call_read(const struct call *call, enum collection in, const struct id *id,
		   const bson_t **record)
{
	enum err err = db_find_id(call->db, call->arena, in, id, record);

	return err == OK && !*record ? ERR_NOT_FOUND : err;
}

struct list call_own_list(const struct call *call, enum collection in, const char *owner_field,
			  const bson_t *further, const char *name)
{
	bson_t *filter = DOC(call->arena, ID(owner_field, &call->caller->id));

	if (further)
		bson_concat(filter, further);
	return (struct list){
		.in = in, .filter = filter, .name = call_own_name(call, name), .is_short = true
	};
}

enum err call_refuse(struct call *call, enum err err, const char *sentence)
{
	call->detail->sentence = sentence;
	return err;
}

const char *call_own_name(const struct call *call, const char *name)
{
	return LIST_NAME(call->arena, name, id_text(call->arena, &call->caller->id));
}
