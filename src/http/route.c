#include "http/route.h"

#include "http/request.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *method_name(enum method method)
{
	static const char *const names[] = { "", "GET", "PUT", "POST", "DELETE" };

	return names[method];
}

/* --- one row against one path --- */

/* The length of the segment that begins after the slash at path. */
static size_t segment_length(const char *path)
{
	return strcspn(path + 1, "/");
}

/*
 * How well a pattern fits a path: 0 when it does not, else a number that is greater the earlier and
 * the more literal segments it has, so that the best of several rows is the greatest.
 */
static uint64_t fit(const char *pattern, const char *path)
{
	uint64_t weight = UINT64_C(1) << 63, sum = 1;

	while (*pattern == '/' && *path == '/') {
		size_t want = segment_length(pattern), have = segment_length(path);
		bool literal = pattern[1] != ':';

		if (have == 0)
			return 0;
		if (literal && (want != have || memcmp(pattern + 1, path + 1, have) != 0))
			return 0;
		sum += literal ? weight : 0;
		weight >>= 1;
		pattern += 1 + want;
		path += 1 + have;
	}
	return *pattern == *path ? sum : 0;
}

static bool method_fits(const struct route *route, const char *method)
{
	const char *read_as = strcmp(method, "HEAD") == 0 ? "GET" : method;

	return strcmp(read_as, method_name(route->method)) == 0;
}

/* --- the table against one path --- */

static void copy_ids(struct arena *arena, const char *pattern, const char *path,
		     const char *id_texts[])
{
	size_t count = 0;

	while (*pattern == '/') {
		size_t have = segment_length(path);

		if (pattern[1] == ':')
			id_texts[count++] = arena_copy(arena, path + 1, have);
		pattern += 1 + segment_length(pattern);
		path += 1 + have;
	}
}

/* "GET, HEAD, OPTIONS" from a set of bits 1 << enum method; NULL for the empty set. */
static const char *allow_text(struct arena *arena, unsigned methods)
{
	const char *text = "";

	if (methods == 0)
		return NULL;
	for (enum method m = GET; m <= DELETE; m++) {
		if (methods & 1u << m)
			text = arena_printf(arena, "%s%s%s, ", text, method_name(m),
					    m == GET ? ", HEAD" : "");
	}
	return arena_printf(arena, "%sOPTIONS", text);
}

const struct route *route_match(const struct route *routes, size_t count, struct arena *arena,
				const char *method, const char *path, const char *id_texts[],
				const char **allow, unsigned *flags)
{
	const struct route *best = NULL;
	uint64_t best_fit = 0;
	unsigned methods = 0;

	*flags = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t found = fit(routes[i].path, path);

		if (found == 0)
			continue;
		methods |= 1u << routes[i].method;
		*flags |= routes[i].flags;
		if (found > best_fit && method_fits(&routes[i], method)) {
			best = &routes[i];
			best_fit = found;
		}
	}
	*allow = best ? NULL : allow_text(arena, methods);
	if (best)
		copy_ids(arena, best->path, path, id_texts);
	return best;
}

bool route_admits(const struct route *route, enum role role)
{
	unsigned roles = route->access & ACCESS_ANY;

	return roles == 0 || roles == ACCESS_ANY || roles & role;
}

int route_status(const struct route *route)
{
	return route->status ? route->status : 200;
}

const char *route_id_name(const struct route *route, size_t index, size_t *length)
{
	for (const char *at = strchr(route->path, ':'); at; at = strchr(at + 1, ':')) {
		if (index-- > 0)
			continue;
		*length = segment_length(at);
		return at + 1;
	}
	return NULL;
}

/* --- what must not start --- */

/* Do two patterns stand for the same paths, whatever their :names are called? */
static bool same_paths(const char *a, const char *b)
{
	while (*a && *b) {
		if (*a != *b)
			return false;
		if (*a == ':') {
			a += segment_length(a) + 1;
			b += segment_length(b) + 1;
		} else {
			a++;
			b++;
		}
	}
	return *a == *b;
}

static bool known_access(unsigned access)
{
	bool roles = access != 0 && (access & ~(unsigned)ACCESS_ANY) == 0;

	return roles || access == ACCESS_PUBLIC || access == ACCESS_OPTIONAL;
}

static size_t count_ids(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += *path == ':';
	return count;
}

static bool is_shareable(const struct route *route)
{
	return route->method == GET && !(route->access & ACCESS_ANY) && route->turn == TURN_NONE &&
	       !(route->flags & (STREAMS | RAW_BODY));
}

static const char *row_problem(const struct route *route)
{
	size_t length = strlen(route->path);

	if (route->method < GET || route->method > DELETE)
		return "has no method";
	if (length < 2 || route->path[0] != '/' || route->path[length - 1] == '/')
		return "has a path that does not begin with a slash or ends with one";
	if (!known_access(route->access))
		return "does not say who may call it";
	if (!route->handler)
		return "has no handler";
	if (route->shown && !route->body)
		return "shows what it changes, and changes nothing by a body";
	if (count_ids(route->path) > REQUEST_IDS_MAX)
		return "has too many ids in its path";
	if (route->method == GET && (route->body || route->flags & IDEMPOTENT))
		return "is a GET and takes neither a body nor an idempotency key";
	if (!route->view)
		return "does not say what it answers";
	if (!view_fits(route->view))
		return "has a view of too many rows";
	if (route->flags & LISTS && !view_member(route->view, VIEW_LIST))
		return "lists, and has a view without a list";
	if (route_status(route) < 200 || route_status(route) > 299)
		return "has a status that is no success";
	if (route->flags & RAW_BODY && (route->method == GET || route->body))
		return "takes its body raw and has a schema for it, or is a GET";
	if (route->flags & SHARED && !is_shareable(route))
		return "shares its answers, and is no GET that anybody may call without a turn";
	if (route->signatures && !(route->flags & RAW_BODY))
		return "has a signature of a body that it does not take raw";
	/* A claim belongs to a user, so that nobody can ask for the answers of another. */
	if (route->flags & IDEMPOTENT && !(route->access & ACCESS_ANY))
		return "honours an idempotency key but may be called by nobody known";
	return NULL;
}

/* What is wrong between a row and those before it. */
static const char *table_problem(const struct route *routes, size_t index)
{
	const struct route *row = &routes[index];

	for (size_t i = 0; i < index; i++) {
		if (!same_paths(routes[i].path, row->path))
			continue;
		if (routes[i].method == row->method)
			return "stands there twice";
		/* In the OpenAPI document they would be two paths that mean the same. */
		if (strcmp(routes[i].path, row->path) != 0)
			return "calls its ids otherwise than another row";
	}
	return NULL;
}

const char *routes_check(const struct route *routes, size_t count, char problem[256])
{
	for (size_t i = 0; i < count; i++) {
		const char *what = routes[i].path ? row_problem(&routes[i]) : "has no path";

		if (!what)
			what = table_problem(routes, i);
		if (!what)
			continue;
		snprintf(problem, 256, "Route %zu, %s, %s.", i + 1,
			 routes[i].path ? routes[i].path : "?", what);
		return problem;
	}
	return NULL;
}
