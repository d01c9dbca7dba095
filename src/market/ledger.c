#include "market/ledger.h"

#include "store/doc.h"

const char *account_user(struct arena *arena, const struct id *user)
{
	return arena_printf(arena, "user:%s", id_text(arena, user));
}

const char *account_escrow(struct arena *arena, const struct id *task)
{
	return arena_printf(arena, "escrow:%s", id_text(arena, task));
}

const char *account_held(struct arena *arena, const struct id *withdrawal)
{
	return arena_printf(arena, "held:%s", id_text(arena, withdrawal));
}

bson_t *ledger_row(struct arena *arena, const struct transfer *transfer, const char *actor,
		   const char *request_id, int64_t now)
{
	bson_t *row = DOC(arena, "_id", BCON_UTF8(transfer->key), "from", BCON_UTF8(transfer->from),
			  "to", BCON_UTF8(transfer->to), "coins", BCON_INT64(transfer->coins),
			  "kind", BCON_UTF8(transfer->kind));

	if (transfer->user)
		BSON_APPEND_OID(row, "user", doc_oid(transfer->user));
	if (transfer->task)
		BSON_APPEND_OID(row, "task", doc_oid(transfer->task));
	if (transfer->buyer)
		BSON_APPEND_OID(row, "buyer", doc_oid(transfer->buyer));
	BSON_APPEND_UTF8(row, "actor", actor);
	BSON_APPEND_UTF8(row, "request_id", request_id);
	BSON_APPEND_DATE_TIME(row, "at", now);
	return row;
}

void ledger_move(const struct call *call, struct event *event, const struct transfer *transfer,
		 enum err taken)
{
	event_insert(
		event, LEDGER,
		ledger_row(call->arena, transfer, call_actor(call), call->request_id, call->now),
		taken);
}
