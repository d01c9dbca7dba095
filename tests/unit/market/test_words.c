#include "base/count.h"
#include "market/words.h"
#include "store/doc.h"
#include "suites.h"

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

/* The words of an array document in its order, with a space between; keys must count from 0. */
static const char *joined(const bson_t *words)
{
	const char *text = "";
	bson_iter_t at;
	int expected = 0;

	ck_assert(bson_iter_init(&at, words));
	for (; bson_iter_next(&at); expected++) {
		ck_assert_str_eq(bson_iter_key(&at), arena_printf(arena, "%d", expected));
		ck_assert(BSON_ITER_HOLDS_UTF8(&at));
		text = arena_printf(arena, "%s%s%s", text, expected ? " " : "",
				    bson_iter_utf8(&at, NULL));
	}
	return text;
}

/* Words come in the order of their bytes, each once. */
static void assert_words(const char *text, const char *expected)
{
	ck_assert_msg(!strcmp(joined(words_of(arena, text, NULL)), expected),
		      "\"%s\" gave \"%s\", not \"%s\"", text, joined(words_of(arena, text, NULL)),
		      expected);
}

START_TEST(words_are_runs_of_letters_and_digits)
{
	assert_words("label photos", "label photos");
	assert_words("  label\tphotos\n", "label photos");
	assert_words("top10 list", "list top10");
	assert_words("7", "7");
	assert_words("a b c", "a b c");
}
END_TEST

START_TEST(punctuation_divides_and_is_none_itself)
{
	assert_words("don't", "don t");
	assert_words("(5-minute) interview!", "5 interview minute");
	assert_words("e.g. this/that", "e g that this");
	assert_words("--- ... !?", "");
	assert_words("20%", "20");
	assert_words("caf\u00e9\u2014bar", "bar caf\u00e9");
	assert_words("\u00abmot\u00bb\u3002", "mot");
}
END_TEST

START_TEST(an_underscore_divides_as_it_is_no_letter)
{
	assert_words("snake_case", "case snake");
	assert_words("__init__", "init");
	assert_words("_", "");
}
END_TEST

START_TEST(case_is_folded_in_every_alphabet)
{
	assert_words("Label PHOTOS", "label photos");
	assert_words("\u00c9COLE", "\u00e9cole");
	assert_words("\u041c\u043e\u0441\u043a\u0432\u0410",
		     "\u043c\u043e\u0441\u043a\u0432\u0430");
	assert_words("\u0391\u03b8\u03ae\u03bd\u03b1", "\u03b1\u03b8\u03ae\u03bd\u03b1");
	/* U+023A has two bytes, its lower case three */
	assert_words("\u023a\u023a\u023a", "\u2c65\u2c65\u2c65");
}
END_TEST

START_TEST(letters_without_case_are_letters)
{
	assert_words("\u6771\u4eac \u5927\u962a", "\u5927\u962a \u6771\u4eac");
	assert_words("\u0645\u0631\u062d\u0628\u0627", "\u0645\u0631\u062d\u0628\u0627");
	/* beyond 16 bits: a letter, and a picture, which is none */
	assert_words("\U00010400", "\U00010428");
	assert_words("bake\U0001f950bread", "bake bread");
}
END_TEST

START_TEST(a_word_counts_once_whatever_its_case_and_text)
{
	assert_words("photo Photo PHOTO photos", "photo photos");
	ck_assert_str_eq(joined(words_of(arena, "Label photos", "Photos to label, many")),
			 "label many photos to");
}
END_TEST

PROMISE("1 Requests", "In searching, marks belong to the word they stand on")
START_TEST(marks_belong_to_the_word_they_stand_on)
{
	/* kara, karma, hindi: signs and viramas are within */
	assert_words("\u0915\u0930", "\u0915\u0930");
	assert_words("\u0915\u0930\u094d\u092e", "\u0915\u0930\u094d\u092e");
	assert_words("\u0939\u093f\u0928\u094d\u0926\u0940",
		     "\u0939\u093f\u0928\u094d\u0926\u0940");
	assert_words("x\u0307y", "\u1e8by");
	/* on nothing, or on what is no letter, they are no word */
	assert_words("\u0301 \u0301", "");
	assert_words("\u2665\u0301a", "a");
}
END_TEST

PROMISE("1 Requests", "Searching compares in NFC")
START_TEST(words_are_compared_however_they_are_put_together)
{
	const char *bari = "\u09ac\u09be\u09a1\u09bc\u09bf";

	assert_words("\u09ac\u09be\u09dc\u09bf", bari);
	assert_words(bari, bari);
	assert_words("Cafe\u0301 CAF\u00c9", "caf\u00e9");
	/* with the joiner that shapes it, and without */
	assert_words("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
		     "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645");
}
END_TEST

START_TEST(whoever_asks_whether_there_is_a_word_is_told)
{
	ck_assert(words_any(arena, "-a-") && words_any(arena, "7"));
	ck_assert(!words_any(arena, "@ _ - \u2665 \u200d \u0301"));
}
END_TEST

START_TEST(a_record_says_by_which_rules_its_words_were_made)
{
	bson_t *set = doc_new(arena);

	words_set(arena, set, "Label", NULL);
	ck_assert_int_eq(doc_whole(set, "search_version", 0), SEARCH_VERSION);
	bson_t words;
	ck_assert(doc_part(set, "words", &words));
	ck_assert_str_eq(joined(&words), "label");
}
END_TEST

START_TEST(of_a_text_without_end_the_beginning_is_looked_at)
{
	bson_t *set = doc_new(arena), words;
	char text[30001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	words_set(arena, set, text, NULL);
	ck_assert(doc_part(set, "words", &words));
	ck_assert_uint_eq(strlen(joined(&words)), 20000);
}
END_TEST

START_TEST(texts_may_be_empty_or_absent)
{
	assert_words("", "");
	assert_words(NULL, "");
	ck_assert_str_eq(joined(words_of(arena, NULL, "second")), "second");
	ck_assert_str_eq(joined(words_of(arena, "first", "")), "first");
}
END_TEST

START_TEST(words_do_not_grow_together_across_texts)
{
	ck_assert_str_eq(joined(words_of(arena, "snow", "man")), "man snow");
}
END_TEST

START_TEST(many_words_are_all_kept)
{
	const char *text = "";

	for (int i = 0; i < 200; i++)
		text = arena_printf(arena, "%s w%d", text, i);
	ck_assert_uint_eq(bson_count_keys(words_of(arena, text, text)), 200);
}
END_TEST

START_TEST(a_long_word_is_kept_whole)
{
	char word[5001];

	memset(word, 'X', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	ck_assert_uint_eq(strlen(joined(words_of(arena, word, NULL))), 5000);
}
END_TEST

/* ---- queries ---- */

static const char *const fields[] = { "task_title", "task_detail" };

static bson_t *filter_of(const char *query)
{
	return words_filter(arena, query, fields, 2);
}

static bson_iter_t found_at(const bson_t *filter, const char *path)
{
	bson_iter_t at, found;

	ck_assert(bson_iter_init(&at, filter));
	ck_assert_msg(bson_iter_find_descendant(&at, path, &found), "no %s", path);
	return found;
}

PROMISE("4 GET /", "A `q` without any word finds nothing, a blank one is none")
START_TEST(a_query_without_a_word_finds_nothing)
{
	static const char *const wordless[] = { " _ - ! ", "\u2665", "\u200d", "\u0301" };

	for (size_t i = 0; i < COUNT_OF(wordless); i++) {
		bson_iter_t none = found_at(filter_of(wordless[i]), "words.$in");
		uint32_t length;
		const uint8_t *bytes;
		bson_t words;

		bson_iter_array(&none, &length, &bytes);
		ck_assert(bson_init_static(&words, bytes, length) && bson_empty(&words));
	}
}
END_TEST

START_TEST(a_query_asks_for_all_its_words)
{
	bson_iter_t all = found_at(filter_of("Photos, LABEL photos"), "$or.0.words.$all");
	uint32_t length;
	const uint8_t *bytes;
	bson_t words;

	ck_assert(BSON_ITER_HOLDS_ARRAY(&all));
	bson_iter_array(&all, &length, &bytes);
	ck_assert(bson_init_static(&words, bytes, length));
	ck_assert_str_eq(joined(&words), "label photos");
}
END_TEST

START_TEST(older_records_without_words_are_searched_by_their_texts)
{
	const bson_t *filter = filter_of("label photos");
	bson_iter_t lacks = found_at(filter, "$or.1.$and.0.words");
	bson_iter_t title = found_at(filter, "$or.1.$and.1.$or.0.task_title");
	bson_iter_t detail = found_at(filter, "$or.1.$and.2.$or.1.task_detail");
	const char *options;

	ck_assert(BSON_ITER_HOLDS_NULL(&lacks));
	ck_assert(BSON_ITER_HOLDS_REGEX(&title));
	ck_assert_ptr_nonnull(strstr(bson_iter_regex(&title, &options), "label"));
	ck_assert_str_eq(options, "i");
	ck_assert_ptr_nonnull(strstr(bson_iter_regex(&detail, NULL), "photos"));
}
END_TEST

START_TEST(older_records_without_words_are_found_as_they_were_typed)
{
	bson_iter_t title = found_at(filter_of("\u09dc"), "$or.2.$and.1.$or.0.task_title");

	ck_assert_ptr_nonnull(strstr(bson_iter_regex(&title, NULL), "\u09dc"));
}
END_TEST

START_TEST(nothing_of_a_query_is_taken_for_a_pattern)
{
	bson_iter_t title = found_at(filter_of("a.*b"), "$or.1.$and.1.$or.0.task_title");

	ck_assert_ptr_null(strstr(bson_iter_regex(&title, NULL), ".*"));
}
END_TEST

Suite *suite_words(void)
{
	Suite *suite = suite_create("words");
	TCase *split = tcase_create("split"), *query = tcase_create("query");

	tcase_add_checked_fixture(split, setup, teardown);
	tcase_add_test(split, words_are_runs_of_letters_and_digits);
	tcase_add_test(split, punctuation_divides_and_is_none_itself);
	tcase_add_test(split, an_underscore_divides_as_it_is_no_letter);
	tcase_add_test(split, case_is_folded_in_every_alphabet);
	tcase_add_test(split, letters_without_case_are_letters);
	tcase_add_test(split, a_word_counts_once_whatever_its_case_and_text);
	tcase_add_test(split, marks_belong_to_the_word_they_stand_on);
	tcase_add_test(split, words_are_compared_however_they_are_put_together);
	tcase_add_test(split, whoever_asks_whether_there_is_a_word_is_told);
	tcase_add_test(split, a_record_says_by_which_rules_its_words_were_made);
	tcase_add_test(split, of_a_text_without_end_the_beginning_is_looked_at);
	tcase_add_test(split, texts_may_be_empty_or_absent);
	tcase_add_test(split, words_do_not_grow_together_across_texts);
	tcase_add_test(split, many_words_are_all_kept);
	tcase_add_test(split, a_long_word_is_kept_whole);
	suite_add_tcase(suite, split);
	tcase_add_checked_fixture(query, setup, teardown);
	tcase_add_test(query, a_query_without_a_word_finds_nothing);
	tcase_add_test(query, a_query_asks_for_all_its_words);
	tcase_add_test(query, older_records_without_words_are_searched_by_their_texts);
	tcase_add_test(query, older_records_without_words_are_found_as_they_were_typed);
	tcase_add_test(query, nothing_of_a_query_is_taken_for_a_pattern);
	suite_add_tcase(suite, query);
	return suite;
}
