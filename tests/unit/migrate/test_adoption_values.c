/* What an older server's records may hold where a number, a date or an id is meant. */
#include "migrate/adoption_pass.h"
#include "store/doc.h"
#include "suites.h"

#include <math.h>

#define MOST INT64_C(1000)

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static struct amount amount_in(const bson_t *doc)
{
	return amount_read(doc, "a", MOST);
}

static struct amount amount_in_text(const char *text)
{
	return amount_in(DOC(arena, TEXT("a", text)));
}

static void assert_good(struct amount amount, int64_t value, bool floored)
{
	ck_assert(amount.there && amount.good);
	ck_assert_int_eq(amount.value, value);
	ck_assert_int_eq(amount.floored, floored);
}

static void assert_bad(struct amount amount)
{
	ck_assert(amount.there && !amount.good && !amount.floored);
	ck_assert_int_eq(amount.value, 0);
}

START_TEST(numbers_of_every_type_are_read_and_fractions_floored)
{
	bson_decimal128_t decimal;
	bson_t *doc = doc_new(arena);

	assert_good(amount_in(DOC(arena, INT("a", 7))), 7, false);
	assert_good(amount_in(DOC(arena, WHOLE("a", 0))), 0, false);
	assert_good(amount_in(DOC(arena, PAIR("a", BCON_DOUBLE(7.0)))), 7, false);
	assert_good(amount_in(DOC(arena, PAIR("a", BCON_DOUBLE(7.99)))), 7, true);
	assert_good(amount_in(DOC(arena, WHOLE("a", MOST))), MOST, false);
	ck_assert(bson_decimal128_from_string("9.5", &decimal));
	BSON_APPEND_DECIMAL128(doc, "a", &decimal);
	assert_good(amount_in(doc), 9, true);
}
END_TEST

START_TEST(texts_of_numbers_are_read)
{
	assert_good(amount_in_text("12"), 12, false);
	assert_good(amount_in_text(" 12.50\n"), 12, true);
	assert_good(amount_in_text("+1e2"), 100, false);
}
END_TEST

static const char *const no_numbers[] = { "",	 " ",  "x",    "12x",  "1 2", "0x10", "inf",
					  "nan", "-1", "1001", "1e99", ".",   "1-2",  "e5" };

START_TEST(other_texts_are_no_amounts)
{
	assert_bad(amount_in_text(no_numbers[_i]));
}
END_TEST

START_TEST(what_is_no_amount_is_0_and_not_good)
{
	assert_bad(amount_in(DOC(arena, INT("a", -1))));
	assert_bad(amount_in(DOC(arena, WHOLE("a", INT64_MIN))));
	assert_bad(amount_in(DOC(arena, WHOLE("a", MOST + 1))));
	assert_bad(amount_in(DOC(arena, PAIR("a", BCON_DOUBLE(-0.5)))));
	assert_bad(amount_in(DOC(arena, PAIR("a", BCON_DOUBLE(1e300)))));
	assert_bad(amount_in(DOC(arena, PAIR("a", BCON_DOUBLE((double)NAN)))));
	assert_bad(amount_in(DOC(arena, PAIR("a", BCON_DOUBLE((double)INFINITY)))));
	assert_bad(amount_in(DOC(arena, BOOL("a", true))));
	assert_bad(amount_in(DOC(arena, LIST("a", BCON_INT32(1)))));
}
END_TEST

START_TEST(a_missing_amount_is_told_from_a_bad_one)
{
	ck_assert(!amount_in(DOC(arena, INT("b", 1))).there);
	ck_assert(!amount_in(DOC(arena, NONE("a"))).there);
}
END_TEST

START_TEST(dates_are_dates_texts_and_numbers_that_are_one)
{
	int64_t when = 0;

	ck_assert(date_read(DOC(arena, DATE("d", 5)), "d", &when) && when == 5);
	ck_assert(date_read(DOC(arena, TEXT("d", "1970-01-02")), "d", &when));
	ck_assert_int_eq(when, 86400000);
	ck_assert(date_read(DOC(arena, WHOLE("d", 1700000000000)), "d", &when));
	ck_assert(!date_read(DOC(arena, TEXT("d", "soon")), "d", &when));
	ck_assert(!date_read(DOC(arena, NONE("d")), "d", &when));
	ck_assert(!date_read(DOC(arena, INT("d", -1)), "d", &when));
	ck_assert(!date_read(DOC(arena, NULL), "d", &when));
}
END_TEST

START_TEST(a_record_without_a_date_was_made_when_its_id_was)
{
	struct id id;

	ck_assert(id_parse("000003e80000000000000001", 24, &id));
	ck_assert_int_eq(created_at(DOC(arena, ID("_id", &id))), 1000000);
	ck_assert_int_eq(created_at(DOC(arena, ID("_id", &id), DATE("createdAt", 7))), 7);
	ck_assert_int_eq(created_at(DOC(arena, INT("_id", 3))), 0);
}
END_TEST

START_TEST(a_date_that_is_one_is_not_set_again)
{
	bson_t *set = doc_new(arena);
	bson_t *doc = DOC(arena, DATE("x", 1), TEXT("y", "1970-01-02"));

	set_date(set, doc, "x", 9);
	set_date(set, doc, "y", 9);
	set_date(set, doc, "z", 9);
	ck_assert(!bson_has_field(set, "x"));
	ck_assert_int_eq(doc_date(set, "y", 0), 86400000);
	ck_assert_int_eq(doc_date(set, "z", 0), 9);
}
END_TEST

START_TEST(ids_may_stand_as_text)
{
	struct id id, same;

	ck_assert(id_parse("65ab000102030405060708ff", 24, &id));
	ck_assert(id_read(DOC(arena, ID("i", &id)), "i", &same) && id_equal(&id, &same));
	ck_assert(id_read(DOC(arena, TEXT("i", "65AB000102030405060708FF")), "i", &same));
	ck_assert(id_equal(&id, &same));
	ck_assert(!id_read(DOC(arena, TEXT("i", "65ab")), "i", &same));
	ck_assert(!id_read(DOC(arena, INT("i", 1)), "i", &same));
}
END_TEST

START_TEST(a_status_that_is_missing_is_the_default_and_one_that_is_no_text_is_unknown)
{
	ck_assert_str_eq(status_of(DOC(arena, NULL), "pending"), "pending");
	ck_assert_str_eq(status_of(DOC(arena, NONE("status")), "pending"), "pending");
	ck_assert_str_eq(status_of(DOC(arena, TEXT("status", "x")), "pending"), "x");
	ck_assert_str_eq(status_of(DOC(arena, INT("status", 1)), "pending"), "");
}
END_TEST

Suite *suite_adoption_values(void)
{
	Suite *suite = suite_create("adoption_values");
	TCase *tcase = tcase_create("values");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, numbers_of_every_type_are_read_and_fractions_floored);
	tcase_add_test(tcase, texts_of_numbers_are_read);
	tcase_add_loop_test(tcase, other_texts_are_no_amounts, 0,
			    sizeof no_numbers / sizeof *no_numbers);
	tcase_add_test(tcase, what_is_no_amount_is_0_and_not_good);
	tcase_add_test(tcase, a_missing_amount_is_told_from_a_bad_one);
	tcase_add_test(tcase, dates_are_dates_texts_and_numbers_that_are_one);
	tcase_add_test(tcase, a_record_without_a_date_was_made_when_its_id_was);
	tcase_add_test(tcase, a_date_that_is_one_is_not_set_again);
	tcase_add_test(tcase, ids_may_stand_as_text);
	tcase_add_test(tcase,
		       a_status_that_is_missing_is_the_default_and_one_that_is_no_text_is_unknown);
	suite_add_tcase(suite, tcase);
	return suite;
}
