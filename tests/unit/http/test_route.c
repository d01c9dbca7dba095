#include "http/request.h"
#include "http/route.h"
#include "http/uri.h"
#include "suites.h"

#include <string.h>

static enum err handler(struct request *rq)
{
	(void)rq;
	return OK;
}

static enum err shown(struct request *rq, struct json *json)
{
	(void)rq;
	(void)json;
	return OK;
}

static const struct view_row item_rows[] = { MEMBER("_id", ID) };
static const struct view item_view = VIEW_OF("Item", item_rows);

#define ROW(m, p)                                                                    \
	{                                                                            \
		.method = m, .path = p, .access = ACCESS_PUBLIC, .handler = handler, \
		.view = &item_view                                                   \
	}

/* The general rows come first, so that a match cannot be owed to the order. */
static const struct route table[] = {
	ROW(GET, "/tasks/:id"),	 ROW(PUT, "/tasks/:id"),	ROW(DELETE, "/tasks/:id"),
	ROW(GET, "/tasks"),	 ROW(POST, "/tasks"),		ROW(GET, "/tasks/top"),
	ROW(POST, "/tasks/top"), ROW(POST, "/tasks/:id/slots"), ROW(GET, "/a/:x/:y"),
	ROW(GET, "/a/:x/c"),	 ROW(GET, "/a/b/:y"),
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static struct arena *arena;
static const char *ids[REQUEST_IDS_MAX];
static const char *allow;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static unsigned flags;

static const char *matched(const char *method, const char *path)
{
	const struct route *route =
		route_match(table, COUNT(table), arena, method, path, ids, &allow, &flags);

	return route ? route->path : NULL;
}

START_TEST(a_row_is_found_by_method_and_path)
{
	ck_assert_str_eq(matched("GET", "/tasks"), "/tasks");
	ck_assert_str_eq(matched("POST", "/tasks"), "/tasks");
	ck_assert_ptr_null(allow);
}
END_TEST

START_TEST(ids_are_cut_out_of_the_path)
{
	ck_assert_str_eq(matched("POST", "/tasks/abc/slots"), "/tasks/:id/slots");
	ck_assert_str_eq(ids[0], "abc");
	ck_assert_str_eq(matched("GET", "/a/1/2"), "/a/:x/:y");
	ck_assert_str_eq(ids[0], "1");
	ck_assert_str_eq(ids[1], "2");
}
END_TEST

START_TEST(a_literal_segment_wins_over_a_name)
{
	ck_assert_str_eq(matched("GET", "/tasks/top"), "/tasks/top");
	ck_assert_str_eq(matched("GET", "/a/1/c"), "/a/:x/c");
	ck_assert_str_eq(matched("GET", "/a/b/2"), "/a/b/:y");
	ck_assert_str_eq(matched("GET", "/a/b/c"), "/a/b/:y");
}
END_TEST

START_TEST(a_name_steps_in_where_the_literal_row_lacks_the_method)
{
	ck_assert_str_eq(matched("PUT", "/tasks/top"), "/tasks/:id");
	ck_assert_str_eq(ids[0], "top");
}
END_TEST

START_TEST(head_is_answered_by_the_row_of_get)
{
	ck_assert_str_eq(matched("HEAD", "/tasks/top"), "/tasks/top");
	ck_assert_ptr_null(matched("HEAD", "/tasks/1/slots"));
	ck_assert_str_eq(allow, "POST, OPTIONS");
}
END_TEST

START_TEST(another_method_learns_which_are_allowed)
{
	ck_assert_ptr_null(matched("PATCH", "/tasks/1"));
	ck_assert_str_eq(allow, "GET, HEAD, PUT, DELETE, OPTIONS");
	ck_assert_ptr_null(matched("get", "/tasks"));
	ck_assert_str_eq(allow, "GET, HEAD, POST, OPTIONS");
	ck_assert_ptr_null(matched("BREW", "/tasks/top"));
	ck_assert_str_eq(allow, "GET, HEAD, PUT, POST, DELETE, OPTIONS");
}
END_TEST

static const char *const unknown[] = {
	"",	   "/",	       "/task",		"/tasksx",	 "/Tasks",	     "/tasks/",
	"//tasks", "/tasks//", "/tasks//slots", "/tasks/1/slot", "/tasks/1/slots/2", "/tasks/1/",
	"/a/1",	   "/a/1/2/3", "/:x",
};

START_TEST(an_unknown_path_matches_nothing)
{
	ck_assert_ptr_null(matched("GET", unknown[_i]));
	ck_assert_ptr_null(allow);
}
END_TEST

START_TEST(the_names_of_ids_stand_in_the_row)
{
	size_t length;
	const char *name = route_id_name(&table[8], 1, &length);

	ck_assert_str_eq(arena_copy(arena, name, length), "y");
	name = route_id_name(&table[7], 0, &length);
	ck_assert_str_eq(arena_copy(arena, name, length), "id");
	ck_assert_ptr_null(route_id_name(&table[7], 1, &length));
	ck_assert_ptr_null(route_id_name(&table[3], 0, &length));
}
END_TEST

/* --- tables that must not start --- */

static const struct schema no_schema = { .name = "None" };

static const char *no_signatures(size_t index, const char **help)
{
	(void)index;
	(void)help;
	return NULL;
}

/* Whatever else a row needs. */
#define ELSE .handler = handler, .view = &item_view

static const struct {
	const char *problem;
	struct route row;
} unfit[] = {
	{ "has no method", { 0, "/x", ACCESS_ANY, ELSE } },
	{ "has no path", { PUT, NULL, ACCESS_ANY, ELSE } },
	{ "has a path that does not begin with a slash", { PUT, "x", ACCESS_ANY, ELSE } },
	{ "has a path that does not begin with a slash", { PUT, "/x/", ACCESS_ANY, ELSE } },
	{ "has a path that does not begin with a slash", { PUT, "", ACCESS_ANY, ELSE } },
	{ "has too many ids", { PUT, "/:a/:b/:c", ACCESS_ANY, ELSE } },
	{ "does not say who may call it", { PUT, "/x", 0, ELSE } },
	{ "does not say who may call it", { PUT, "/x", 1 << 5, ELSE } },
	{ "does not say who may call it", { PUT, "/x", ACCESS_PUBLIC | ACCESS_BUYER, ELSE } },
	{ "has no handler", { PUT, "/x", ACCESS_ANY, .view = &item_view } },
	{ "shows what it changes", { PUT, "/x", ACCESS_ANY, ELSE, .shown = shown } },
	{ "is a GET", { GET, "/x", ACCESS_ANY, ELSE, .body = &no_schema } },
	{ "is a GET", { GET, "/x", ACCESS_ANY, ELSE, .flags = IDEMPOTENT } },
	{ "does not say what it answers", { PUT, "/x", ACCESS_ANY, .handler = handler } },
	{ "has a view without a list", { PUT, "/x", ACCESS_ANY, ELSE, .flags = LISTS } },
	{ "has a status that is no success", { PUT, "/x", ACCESS_ANY, ELSE, .status = 404 } },
	{ "takes its body raw and has a schema",
	  { PUT, "/x", ACCESS_ANY, ELSE, .flags = RAW_BODY, .body = &no_schema } },
	{ "takes its body raw", { GET, "/x", ACCESS_ANY, ELSE, .flags = RAW_BODY } },
	{ "has a signature", { PUT, "/x", ACCESS_ANY, ELSE, .signatures = no_signatures } },
	{ "shares its answers", { POST, "/x", ACCESS_PUBLIC, ELSE, .flags = SHARED } },
	{ "shares its answers", { GET, "/x", ACCESS_ANY, ELSE, .flags = SHARED } },
	{ "shares its answers",
	  { GET, "/x", ACCESS_PUBLIC, ELSE, .flags = SHARED, .turn = TURN_HASH } },
	{ "may be called by nobody known",
	  { PUT, "/x", ACCESS_PUBLIC, ELSE, .flags = IDEMPOTENT } },
};

START_TEST(a_row_that_is_incomplete_does_not_start)
{
	char problem[256] = "";

	ck_assert_ptr_nonnull(routes_check(&unfit[_i].row, 1, problem));
	ck_assert_msg(strstr(problem, unfit[_i].problem), "%s", problem);
}
END_TEST

START_TEST(a_call_that_stands_twice_does_not_start)
{
	const struct route twice[] = { ROW(GET, "/x/:id"), ROW(PUT, "/x/:id"),
				       ROW(GET, "/x/:other") };
	char problem[256];

	ck_assert_ptr_null(routes_check(twice, 2, problem));
	ck_assert_str_eq(routes_check(twice, 3, problem),
			 "Route 3, /x/:other, stands there twice.");
}
END_TEST

START_TEST(a_path_that_calls_its_ids_by_other_names_does_not_start)
{
	const struct route table_of_two[] = { ROW(GET, "/x/:id"), ROW(PUT, "/x/:other") };
	char problem[256];

	ck_assert_str_eq(routes_check(table_of_two, 2, problem),
			 "Route 2, /x/:other, calls its ids otherwise than another row.");
}
END_TEST

/* A bit for each row says which of them a record had. */
START_TEST(a_view_of_more_rows_than_there_are_bits_does_not_start)
{
	static const struct view_row rows[VIEW_ROWS_MAX];
	const struct view full = { .rows = rows, .count = VIEW_ROWS_MAX };
	const struct view_row list[] = { MEMBER("items", LIST, .of = &full) };
	const struct view lists = VIEW_OF("Lists", list);
	const struct view more = VIEW_OF("More", list, .base = &full);
	const struct view_row inner[] = { MEMBER("more", OBJECT, .of = &more) };
	const struct view holds_more = VIEW_OF("HoldsMore", inner);
	struct route row = ROW(GET, "/x");
	char problem[256];

	row.view = &lists;
	ck_assert_ptr_null(routes_check(&row, 1, problem));
	row.view = &more;
	ck_assert_str_eq(routes_check(&row, 1, problem),
			 "Route 1, /x, has a view of too many rows.");
	row.view = &holds_more;
	ck_assert_ptr_nonnull(routes_check(&row, 1, problem));
}
END_TEST

START_TEST(a_good_table_starts)
{
	char problem[256];

	ck_assert_ptr_null(routes_check(table, COUNT(table), problem));
}
END_TEST

/* --- raw URIs --- */

static const struct {
	const char *uri, *path, *query;
} split[] = {
	{ "/api", "", NULL },
	{ "/api/", "", NULL },
	{ "/api?x=1", "", "x=1" },
	{ "/api/tasks", "/tasks", NULL },
	{ "/api/tasks/", "/tasks", NULL },
	{ "/api/tasks//", "/tasks/", NULL },
	{ "/api/tasks/?a=b%20c", "/tasks", "a=b%20c" },
	{ "/api/tasks?", "/tasks", "" },
	{ "/api/tasks?a?b", "/tasks", "a?b" },
	{ "/%61pi/t%61sks", "/tasks", NULL },
	{ "/api/a%2Bb+c", "/a+b+c", NULL },
	{ "/api/%2561", "/%61", NULL },
	{ "/api/%C3%A9", "/\xC3\xA9", NULL },
};

START_TEST(a_uri_is_split_and_its_path_decoded_once)
{
	const char *path, *query;

	ck_assert(uri_split(arena, split[_i].uri, &path, &query));
	ck_assert_str_eq(path, split[_i].path);
	ck_assert_pstr_eq(query, split[_i].query);
}
END_TEST

static const char *const bad_uris[] = {
	"",
	"/",
	"api",
	"/ap",
	"/apis",
	"/apix/tasks",
	"/API/tasks",
	"//api/x",
	"/api/%",
	"/api/%4",
	"/api/%4g",
	"/api/%00",
	"/api/a%00b",
	"/api/%FF",
	"/api/%C0%AF",
	"/api/\xFF",
	"/api/%ED%A0%80",
	"*",
	"http://x/api",
};

START_TEST(a_uri_that_is_not_ours_or_does_not_decode_is_refused)
{
	const char *path, *query;

	ck_assert(!uri_split(arena, bad_uris[_i], &path, &query));
}
END_TEST

Suite *suite_route(void)
{
	Suite *suite = suite_create("route");
	TCase *match = tcase_create("match");
	TCase *start = tcase_create("start");
	TCase *uri = tcase_create("uri");

	tcase_add_checked_fixture(match, setup, teardown);
	tcase_add_test(match, a_row_is_found_by_method_and_path);
	tcase_add_test(match, ids_are_cut_out_of_the_path);
	tcase_add_test(match, a_literal_segment_wins_over_a_name);
	tcase_add_test(match, a_name_steps_in_where_the_literal_row_lacks_the_method);
	tcase_add_test(match, head_is_answered_by_the_row_of_get);
	tcase_add_test(match, another_method_learns_which_are_allowed);
	tcase_add_loop_test(match, an_unknown_path_matches_nothing, 0, (int)COUNT(unknown));
	tcase_add_test(match, the_names_of_ids_stand_in_the_row);
	tcase_add_loop_test(start, a_row_that_is_incomplete_does_not_start, 0, (int)COUNT(unfit));
	tcase_add_test(start, a_call_that_stands_twice_does_not_start);
	tcase_add_test(start, a_path_that_calls_its_ids_by_other_names_does_not_start);
	tcase_add_test(start, a_view_of_more_rows_than_there_are_bits_does_not_start);
	tcase_add_test(start, a_good_table_starts);
	tcase_add_checked_fixture(uri, setup, teardown);
	tcase_add_loop_test(uri, a_uri_is_split_and_its_path_decoded_once, 0, (int)COUNT(split));
	tcase_add_loop_test(uri, a_uri_that_is_not_ours_or_does_not_decode_is_refused, 0,
			    (int)COUNT(bad_uris));
	suite_add_tcase(suite, match);
	suite_add_tcase(suite, start);
	suite_add_tcase(suite, uri);
	return suite;
}
