#include "suites.h"
#include "json/json_edit.h"
#include "json/json_in.h"

#include <string.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static struct json_object *tree_of(const char *text)
{
	const char *problem;
	struct json_object *tree = json_in(arena, text, strlen(text), &problem);

	ck_assert_ptr_null(problem);
	return tree;
}

static const struct {
	const char *text, *becomes; /* NULL: it is not changed */
} samples[] = {
	{ "{\"id\":\"7\",\"name\":\"Ada\"}", "{\"id\":\"7\",\"name\":\"Gone\"}" },
	{ "{\"name\":\"Ada\",\"id\":\"7\",\"coins\":10.50,\"n\":null}",
	  "{\"name\":\"Gone\",\"id\":\"7\",\"coins\":10.50,\"n\":null}" },
	{ "{\"of\":[{\"id\":\"7\",\"name\":\"Ada\"},{\"id\":\"8\",\"name\":\"Bea\"}],\"more\":true}",
	  "{\"of\":[{\"id\":\"7\",\"name\":\"Gone\"},{\"id\":\"8\",\"name\":\"Bea\"}],\"more\":true}" },
	{ "{\"id\":\"7\",\"name\":\"Ada\",\"of\":{\"id\":\"7\",\"name\":\"Ada\"}}",
	  "{\"id\":\"7\",\"name\":\"Gone\",\"of\":{\"id\":\"7\",\"name\":\"Gone\"}}" },
	{ "{\"id\":\"7\",\"name\":\"A \\\"quoted\\\" \\\\ name\",\"at\":\"a/b\"}",
	  "{\"id\":\"7\",\"name\":\"Gone\",\"at\":\"a/b\"}" },
	/* the same text elsewhere, an id of another, a name that is not there */
	{ "{\"id\":\"8\",\"name\":\"\\\"id\\\":\\\"7\\\"\"}", NULL },
	{ "{\"id\":\"7\",\"of\":{\"name\":\"Ada\"}}", NULL },
	{ "{\"id\":7,\"name\":\"Ada\"}", NULL },
	{ "\"7\"", NULL },
	{ "null", NULL },
};

START_TEST(a_text_is_replaced_where_the_other_stands_beside_it)
{
	struct json_object *tree = tree_of(samples[_i].text);
	bool any = json_replace(tree, "id", "7", "name", "Gone");

	ck_assert(any == (samples[_i].becomes != NULL));
	ck_assert_str_eq(json_written(tree), any ? samples[_i].becomes : samples[_i].text);
}
END_TEST

Suite *suite_json_edit(void)
{
	Suite *suite = suite_create("json_edit");
	TCase *tests = tcase_create("edit");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_text_is_replaced_where_the_other_stands_beside_it, 0,
			    sizeof samples / sizeof *samples);
	suite_add_tcase(suite, tests);
	return suite;
}
