/* The table of collections: each says whose personal data its records hold. */
#include "store/collections.h"
#include "suites.h"

#include "store/doc.h"

#include <string.h>

static struct arena *arena;
static struct collection_row rows[COLLECTION_COUNT];
static char problem[256];
static const struct id someone = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

static void setup(void)
{
	arena = arena_new();
	memcpy(rows, collection_rows, sizeof rows);
}

static void teardown(void)
{
	arena_free(arena);
}

START_TEST(each_collection_says_whom_it_holds)
{
	ck_assert_ptr_null(collections_check(collection_rows, problem));
}
END_TEST

START_TEST(one_that_says_nothing_is_refused)
{
	rows[_i].people = NULL;
	ck_assert_ptr_nonnull(collections_check(rows, problem));
	ck_assert_ptr_nonnull(strstr(problem, rows[_i].name));
	ck_assert_ptr_nonnull(strstr(problem, "people"));
	rows[_i] = (struct collection_row){ 0 };
	ck_assert_ptr_nonnull(collections_check(rows, problem));
}
END_TEST

START_TEST(one_of_a_person_without_a_field_is_refused)
{
	rows[META].people = (const struct personal[]){ { .whose = "user_id" }, { 0 } };
	ck_assert_ptr_nonnull(collections_check(rows, problem));
	ck_assert_ptr_nonnull(strstr(problem, "meta"));
}
END_TEST

START_TEST(each_field_becomes_what_its_row_says)
{
	static const struct personal person = {
		.whose = "owner",
		.fields = { { "a", BECOMES_NAME },
			    { "b", BECOMES_EMAIL },
			    { "c", BECOMES_EMPTY },
			    { "d", STAYS } },
	};

	ck_assert(bson_equal(personal_forgotten(arena, &person, &someone),
			     DOC(arena, TEXT("a", "Deleted user"),
				 TEXT("b", "deleted-0102030405060708090a0b0c@invalid"),
				 TEXT("c", ""))));
}
END_TEST

Suite *suite_collections(void)
{
	Suite *suite = suite_create("collections");
	TCase *tests = tcase_create("collections");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, each_collection_says_whom_it_holds);
	tcase_add_loop_test(tests, one_that_says_nothing_is_refused, 0, COLLECTION_COUNT);
	tcase_add_test(tests, one_of_a_person_without_a_field_is_refused);
	tcase_add_test(tests, each_field_becomes_what_its_row_says);
	suite_add_tcase(suite, tests);
	return suite;
}
