/* URIs against a table: a match has its ids, and whatever does not match says what is allowed or nothing. */
#include "base/encoding.h"
#include "fuzz.h"
#include "http/request.h"
#include "http/route.h"
#include "http/uri.h"

#include <string.h>

#define ROW(m, p)                                               \
	{                                                       \
		.method = m, .path = p, .access = ACCESS_PUBLIC \
	}

static const struct route table[] = {
	ROW(GET, "/tasks/:id"), ROW(PUT, "/tasks/:id"),	       ROW(GET, "/tasks"),
	ROW(GET, "/tasks/top"), ROW(POST, "/tasks/:id/slots"), ROW(GET, "/a/:x/:y"),
	ROW(GET, "/a/:x/c"),	ROW(DELETE, "/a/b/:y"),
};

static void check_ids(const struct route *route, const char *const *ids)
{
	size_t length;

	for (size_t i = 0; route_id_name(route, i, &length); i++) {
		promise(i < REQUEST_IDS_MAX && length > 0);
		promise(ids[i] && *ids[i] && !strchr(ids[i], '/'));
	}
}

static void check_match(struct arena *arena, const char *method, const char *path)
{
	const char *ids[REQUEST_IDS_MAX] = { NULL }, *allow;
	unsigned flags;
	const struct route *route = route_match(table, sizeof(table) / sizeof(table[0]), arena,
						method, path, ids, &allow, &flags);

	promise(!route || !allow);
	if (route)
		check_ids(route, ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "POST", "DELETE", "PATCH" };
	struct arena *arena = arena_new();
	const char *path, *query;

	if (uri_split(arena, arena_copy(arena, data, size), &path, &query)) {
		promise(utf8_valid(path, strlen(path)));
		promise(*path == '\0' || *path == '/');
		for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
			check_match(arena, methods[i], path);
	}
	arena_free(arena);
	return 0;
}
