/* Users' addresses: trimmed, and keyed so that owners are found by them. Goes ahead of all that looks for owners. */
#include "market/adoption_private.h"

#include "store/doc.h"

#include <string.h>

const char *email_key_text(struct arena *arena, const bson_t *user)
{
	const char *email = doc_text(user, "email");

	return email && *email_trim(arena, email) ? email_key_of(arena, email) : NULL;
}

static const char *record_email_key(struct batch *batch, const struct record *record)
{
	return email_key_text(batch->arena, record->doc);
}

const struct unique_key email_unique = {
	.field = "email_key",
	.rule = RULE_USER_EMAIL_SHARED,
	.text = record_email_key,
};

/* Another account has the address without the blanks. */
static bool bare_take(void *context, const bson_t *user)
{
	struct doc_array *bare = context;

	doc_array_text(bare, doc_text(user, "email"));
	return true;
}

/* Those addresses of the batch, without their blanks, that are somebody's. */
static enum err emails_look(struct batch *batch)
{
	struct arena *arena = batch->arena;
	struct doc_array wanted = doc_array_new(arena);
	struct doc_array *bare = arena_alloc(arena, sizeof *bare);

	*bare = doc_array_new(arena);
	batch->known = bare;
	for (size_t i = 0; i < batch->count; i++) {
		const char *email = doc_text(batch->records[i].doc, "email");

		if (email_has_blanks(arena, email))
			doc_array_text(&wanted, email_trim(arena, email));
	}
	if (!wanted.count)
		return OK;
	return db_each(batch->adoption->order->db, USERS,
		       DOC(arena, "email", "{", "$in", BCON_ARRAY(wanted.doc), "}"),
		       DOC(arena, "projection", "{", "email", BCON_INT32(1), "}"), bare_take, bare);
}

static bool holds_text(const struct doc_array *array, const char *text)
{
	bson_iter_t at;

	bson_iter_init(&at, array->doc);
	while (bson_iter_next(&at))
		if (!strcmp(bson_iter_utf8(&at, NULL), text))
			return true;
	return false;
}

static void email_plan(struct batch *batch, struct record *record)
{
	struct arena *arena = batch->arena;
	const char *email = doc_text(record->doc, "email");
	bool blanks = email_has_blanks(arena, email);
	bool stays = blanks && (id_set_has(&batch->adoption->untrimmed, &record->id) ||
				holds_text(batch->known, email_trim(arena, email)));

	if (blanks)
		note(batch, record, stays ? RULE_USER_EMAIL_BLANKS : RULE_USER_EMAIL_TRIMMED, 0);
	if (blanks && !stays)
		BSON_APPEND_UTF8(record->set, "email", email_trim(arena, email));
	if (record->key)
		BSON_APPEND_UTF8(record->set, "email_key", record->key);
	if (bson_empty(record->set))
		return;
	doc_unchanged(record->filter, record->doc, "email");
	doc_unchanged(record->filter, record->doc, "email_key");
	txn_update(&record->txn, USERS, record->filter,
		   DOC(arena, "$set", BCON_DOCUMENT(record->set)), ERR_CONFLICT);
	txn_of_any(&record->txn);
}

const struct pass email_pass = {
	.doing = "users' e-mails",
	.in = USERS,
	.key = &email_unique,
	.look = emails_look,
	.plan = email_plan,
	.unmarking = true,
};
