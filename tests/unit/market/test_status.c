/* The words for statuses, as records and answers have them. */
#include "market/status.h"
#include "suites.h"

static const struct {
	enum status status;
	const char *name;
} words[] = {
	{ STATUS_ACTIVE, "active" },	   { STATUS_COMPLETED, "completed" },
	{ STATUS_CANCELLED, "cancelled" }, { STATUS_PENDING, "pending" },
	{ STATUS_APPROVED, "approved" },   { STATUS_REJECTED, "rejected" },
	{ STATUS_FAILED, "failed" },
};

START_TEST(each_status_is_its_word_in_a_record)
{
	struct arena *arena = arena_new();
	bson_t *record = DOC(arena, TEXT("status", words[_i].name));

	ck_assert_str_eq(status_name(words[_i].status), words[_i].name);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		ck_assert(status_is(record, words[i].status) == (i == (size_t)_i));
	arena_free(arena);
}
END_TEST

START_TEST(a_record_without_a_status_is_of_none)
{
	struct arena *arena = arena_new();

	ck_assert(!status_is(DOC(arena, NULL), STATUS_ACTIVE));
	ck_assert(!status_is(DOC(arena, INT("status", STATUS_PENDING)), STATUS_PENDING));
	arena_free(arena);
}
END_TEST

START_TEST(pairs_set_a_status_and_ask_for_another)
{
	struct arena *arena = arena_new();
	bson_t *made = DOC(arena, STATUS(FAILED), SUB("or", STATUS_NOT(CANCELLED)));
	bson_t *meant = DOC(arena, TEXT("status", "failed"),
			    SUB("or", SUB("status", TEXT("$ne", "cancelled"))));

	ck_assert(bson_equal(made, meant));
	arena_free(arena);
}
END_TEST

static void assert_words(const char *const *told, const char *const *meant)
{
	for (; *meant; told++, meant++)
		ck_assert_str_eq(*told, *meant);
	ck_assert_ptr_null(*told);
}

START_TEST(each_kind_of_record_has_its_own)
{
	assert_words(task_statuses,
		     (const char *const[]){ "active", "completed", "cancelled", NULL });
	assert_words(review_statuses,
		     (const char *const[]){ "pending", "approved", "rejected", NULL });
	assert_words(payment_statuses,
		     (const char *const[]){ "pending", "completed", "failed", NULL });
}
END_TEST

Suite *suite_status(void)
{
	Suite *suite = suite_create("status");
	TCase *tests = tcase_create("status");

	tcase_add_loop_test(tests, each_status_is_its_word_in_a_record, 0,
			    sizeof words / sizeof *words);
	tcase_add_test(tests, a_record_without_a_status_is_of_none);
	tcase_add_test(tests, pairs_set_a_status_and_ask_for_another);
	tcase_add_test(tests, each_kind_of_record_has_its_own);
	suite_add_tcase(suite, tests);
	return suite;
}
