#include "base/email.h"

char *email_fold(struct arena *arena, const char *email)
{
	char *folded = arena_text(arena, email);

	for (char *c = folded; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return folded;
}
