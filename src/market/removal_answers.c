#include "market/removal.h"
#include "market/removal_private.h"

#include "base/buffer.h"
#include "base/count.h"
#include "store/doc.h"

#include <string.h>

static const struct named {
	const char *owner, *name, *email;
} named[] = {
	{ "worker_id", "worker_name", "worker_email" },
	{ "buyer_id", "buyer_name", "buyer_email" },
};

/* The quote that ends a JSON string. */
static const char *string_end(const char *at)
{
	while (*at && *at != '"')
		at += *at == '\\' && at[1] ? 2 : 1;
	return at;
}

/* JSON of ours with another text for each member of that name; the text needs no escaping. */
static const char *member_replace(struct arena *arena, const char *json, const char *name,
				  const char *text)
{
	const char *label = arena_printf(arena, "\"%s\":\"", name);
	struct buffer out = { 0 };

	for (const char *at; (at = strstr(json, label)) != NULL; json = string_end(at)) {
		at += strlen(label);
		buffer_put(&out, json, (size_t)(at - json));
		buffer_text(&out, text);
	}
	buffer_text(&out, json);
	const char *replaced = arena_text(arena, out.bytes ? out.bytes : "");
	buffer_free(&out);
	return replaced;
}

/* An answer is about one record, or one and what belongs to it: whose it is stands beside the names. */
static const char *names_replace(const struct removal *removal, const char *json, const char *email)
{
	struct arena *arena = removal->call.arena;

	for (size_t i = 0; i < COUNT_OF(named); i++) {
		const char *owner = arena_printf(arena, "\"%s\":\"%s\"", named[i].owner,
						 id_text(arena, &removal->user));

		if (!strstr(json, owner))
			continue;
		json = member_replace(arena, json, named[i].name, DELETED_NAME);
		json = member_replace(arena, json, named[i].email, email);
	}
	return json;
}

struct answers {
	struct removal *removal;
	const char *email;
	enum err err;
};

static bool answer_forget(void *context, const bson_t *kept)
{
	struct answers *answers = context;
	struct removal *removal = answers->removal;
	struct arena *arena = removal->call.arena;
	bson_iter_t at;
	const uint8_t *bytes = NULL;
	uint32_t length = 0;
	bson_t *filter = DOC(arena, NULL), *set = DOC(arena, NULL);

	if (bson_iter_init_find(&at, kept, "body") && BSON_ITER_HOLDS_BINARY(&at))
		bson_iter_binary(&at, NULL, &length, &bytes);
	const char *json = names_replace(removal, arena_copy(arena, bytes, length), answers->email);
	doc_unchanged(filter, kept, "_id");
	doc_unchanged(filter, kept, "body");
	BSON_APPEND_BINARY(set, "body", BSON_SUBTYPE_BINARY, (const uint8_t *)json,
			   (uint32_t)strlen(json));
	answers->err = db_update_many(
		removal->call.db, arena, IDEMPOTENCY, filter,
		DOC(arena, PART("$set", set), SUB("$pull", ID("people", &removal->user))), NULL);
	arena_reset(arena);
	return answers->err == OK;
}

enum err removal_forget_answers(struct removal *removal, const char *deleted_email)
{
	struct answers answers = { .removal = removal, .email = deleted_email };
	enum err err = db_each(removal->call.db, IDEMPOTENCY,
			       DOC(removal->arena, ID("people", &removal->user)), NULL,
			       answer_forget, &answers);

	return err != OK ? err : answers.err;
}
