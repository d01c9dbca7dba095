#include "store/claim_insert.h"

#include "store/doc.h"
#include "store/gather.h"
#include "store/store_private.h"

/* A record has some 400 bytes. With one group away and with two, calls that create something cost as much. */
enum { AWAY_MOST = 2, GROUP_MOST = 32 };

/* What to say of those that were added: whether the majority has them, OK when it does. */
static enum err confirmed(const bson_t *reply)
{
	bson_error_t error;
	bson_t concern;

	if (!doc_part(reply, "writeConcernError", &concern))
		return OK;
	const char *message = doc_text(&concern, "errmsg");
	bson_set_error(&error, MONGOC_ERROR_WRITE_CONCERN, (uint32_t)doc_whole(&concern, "code", 0),
		       "%s", message ? message : "not confirmed");
	return store_failed(&error, "claiming keys");
}

void claim_inserts_judge(const bson_t *reply, struct claim_insert *const *inserts, size_t count)
{
	enum err err = confirmed(reply);
	struct write_error error;
	bson_iter_t at;

	for (size_t i = 0; i < count; i++) {
		inserts[i]->err = err;
		inserts[i]->ours = err == OK;
	}
	if (!write_errors_begin(&at, reply))
		return;
	while (write_errors_next(&at, &error)) {
		if (error.index >= count)
			continue;
		bool taken = error.code == MONGOC_ERROR_DUPLICATE_KEY;
		inserts[error.index]->ours = false;
		inserts[error.index]->err = taken ? OK : store_refused(&error, "claiming keys");
	}
}

static enum err insert_all(struct claim_insert *leader, struct claim_insert *const *inserts,
			   size_t count, const bson_t **reply)
{
	struct arena *arena = leader->arena;
	struct doc_array records = doc_array_new(arena);

	for (size_t i = 0; i < count; i++)
		doc_array_doc(&records, inserts[i]->record);
	return db_write(leader->db, arena,
			DOC(arena, TEXT("insert", collection_name(IDEMPOTENCY)),
			    ARRAY("documents", records.doc), BOOL("ordered", false)),
			reply);
}

static void group_run(void *context, void *const *members, size_t count)
{
	struct claim_insert *leader = context;
	struct claim_insert *const *inserts = (struct claim_insert *const *)members;
	const bson_t *reply;
	enum err err = insert_all(leader, inserts, count, &reply);

	if (err == OK)
		claim_inserts_judge(reply, inserts, count);
	else
		for (size_t i = 0; i < count; i++)
			inserts[i]->err = err;
}

struct gather *claim_inserts_new(void)
{
	return gather_new(AWAY_MOST, GROUP_MOST, GATHER_LATE_MS, group_run);
}

enum err claim_insert(struct db *db, struct arena *arena, const bson_t *record, bool *ours)
{
	struct claim_insert insert = { .db = db, .arena = arena, .record = record };

	gather_join(db->store->claims, &insert, &insert);
	*ours = insert.ours;
	return insert.err;
}
