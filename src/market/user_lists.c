#include "market/user_lists.h"

#include "base/unicode.h"
#include "market/users.h"
#include "market/words.h"
#include "store/doc.h"

#include <ctype.h>
#include <string.h>

/*
 * A pattern that matches the text itself: whatever could mean something else is escaped. Its last letter without the
 * marks that stand on it would be another.
 */
static const char *literal(struct arena *arena, const char *text)
{
	char *pattern = arena_alloc(arena, 2 * strlen(text) + 1), *to = pattern;

	for (const char *from = text; *from; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte < 0x80 && !isalnum(byte))
			*to++ = '\\';
		*to++ = *from;
	}
	*to = '\0';
	return arena_printf(arena, "%s(?!\\p{M})", pattern);
}

/* In what it is found by, or, where a record lacks that, in name or e-mail as they stand. */
static bson_t *text_filter(struct arena *arena, const char *text)
{
	const char *folded = literal(arena, unicode_fold_text(arena, text));
	const char *typed = literal(arena, text);

	if (!words_any(arena, text))
		return DOC(arena, SUB("_id", EMPTY_LIST("$in")));
	return DOC(arena, LIST("$or", ITEM(PAIR("searched", BCON_REGEX(folded, ""))),
			       ITEM(NONE("searched"), PAIR("name", BCON_REGEX(typed, "i"))),
			       ITEM(NONE("searched"), PAIR("email", BCON_REGEX(typed, "i")))));
}

void user_list(struct call *call, const struct user_query *query, struct list *list)
{
	struct arena *arena = call->arena;
	bson_t *filter = users_active(arena, ROLE_NONE);

	if (query->role)
		BSON_APPEND_UTF8(filter, "role", query->role);
	if (query->text && *query->text)
		bson_concat(filter, text_filter(arena, query->text));
	*list = (struct list){
		.in = USERS,
		.filter = filter,
		.name = LIST_NAME(arena, "users", query->role, query->text),
	};
}
