#include "market/user_lists.h"

#include "market/users.h"
#include "store/doc.h"

#include <ctype.h>
#include <string.h>

/* A pattern that matches the text itself: whatever could mean something else is escaped. */
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
	return pattern;
}

void user_list(struct call *call, const struct user_query *query, struct list *list)
{
	struct arena *arena = call->arena;
	bson_t *filter = users_active(arena, ROLE_NONE);

	if (query->role)
		BSON_APPEND_UTF8(filter, "role", query->role);
	if (query->text && *query->text) {
		const char *pattern = literal(arena, query->text);

		bson_concat(filter, DOC(arena, "$or", "[", "{", "name", BCON_REGEX(pattern, "i"),
					"}", "{", "email", BCON_REGEX(pattern, "i"), "}", "]"));
	}
	*list = (struct list){
		.in = USERS,
		.filter = filter,
		.name = arena_printf(arena, "users|%s|%s", query->role ? query->role : "",
				     query->text ? query->text : ""),
		.order_field = "createdAt",
	};
}
