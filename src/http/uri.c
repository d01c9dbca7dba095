#include "http/uri.h"

#include "base/encoding.h"

#include <string.h>

#define BASE_PATH "/api"

bool uri_split(struct arena *arena, const char *uri, const char **path, const char **query)
{
	size_t length = strcspn(uri, "?");
	char *whole = uri_decode(arena, uri, length, false);
	size_t base = strlen(BASE_PATH);

	*query = uri[length] == '?' ? uri + length + 1 : NULL;
	if (!whole || strncmp(whole, BASE_PATH, base) != 0)
		return false;

	char *below = whole + base;
	size_t rest = strlen(below);

	if (rest > 0 && below[0] != '/')
		return false;
	if (rest > 0 && below[rest - 1] == '/')
		below[rest - 1] = '\0';
	*path = below;
	return true;
}
