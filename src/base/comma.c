#include "base/comma.h"

#include <string.h>

const char *comma_next(const char **rest, size_t *length)
{
	const char *word = *rest;

	if (!word)
		return NULL;
	*length = strcspn(word, ",");
	*rest = word[*length] ? word + *length + 1 : NULL;
	return word;
}

bool comma_has(const char *list, const char *word)
{
	const char *at;
	size_t length;

	while ((at = comma_next(&list, &length)))
		if (strlen(word) == length && memcmp(at, word, length) == 0)
			return true;
	return false;
}
