#include "base/count.h"
#include "base/encoding.h"
#include "base/unicode.h"
#include "suites.h"

#include <string.h>
#include <uninorm.h>

static void assert_folded(const char *text, const char *expected)
{
	struct arena *arena = arena_new();

	ck_assert_str_eq(unicode_fold_text(arena, text), expected);
	arena_free(arena);
}

START_TEST(case_is_folded_in_every_alphabet)
{
	assert_folded("", "");
	assert_folded("ADA@Example.COM 42", "ada@example.com 42");
	assert_folded("\u00c9COLE", "\u00e9cole");
	assert_folded("\u041c\u0418\u0420", "\u043c\u0438\u0440");
	/* U+023A has two bytes, its lower case three */
	assert_folded("\u023a\u023a", "\u2c65\u2c65");
}
END_TEST

START_TEST(a_sigma_is_a_sigma_wherever_it_stands)
{
	assert_folded("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c3");
	assert_folded("\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03cc\u03c3");
}
END_TEST

START_TEST(letters_that_are_one_in_the_other_case_are_one)
{
	assert_folded("\u0130\u015eI\u011e I\u0307\u0131", "i\u015fi\u011f ii");
	assert_folded("Stra\u00dfe STRA\u1e9eE", "stra\u00dfe stra\u00dfe");
	assert_folded("\u017fo", "so");
}
END_TEST

PROMISE("1 Requests", "Searching compares in NFC")
START_TEST(what_is_written_in_several_ways_is_one)
{
	assert_folded("caf\u00e9", "caf\u00e9");
	assert_folded("cafe\u0301", "caf\u00e9");
	/* of one character and of two; NFC has the second for both */
	assert_folded("\u09ac\u09be\u09dc\u09bf", "\u09ac\u09be\u09a1\u09bc\u09bf");
	assert_folded("\u09ac\u09be\u09a1\u09bc\u09bf", "\u09ac\u09be\u09a1\u09bc\u09bf");
	/* a syllable, and its letters */
	assert_folded("\u1112\u1161\u11ab", "\ud55c");
	/* marks in another order */
	assert_folded("q\u0307\u0323", "q\u0323\u0307");
	/* look-alikes by definition: the signs of Kelvin and Angstrom */
	assert_folded("\u212a\u212b", "k\u00e5");
}
END_TEST

PROMISE("1 Requests", "Searching compares in NFC")
START_TEST(every_character_is_folded_as_its_parts_are)
{
	struct arena *arena = arena_new();

	for (uint32_t c = 1; c < 0x30000; c++) {
		uint8_t text[5] = { 0 }, parts[64];
		size_t length = 0, room = sizeof(parts) - 1;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		length = utf8_encode(c, (char *)text);
		ck_assert_ptr_eq(u8_normalize(UNINORM_NFD, text, length, parts, &room), parts);
		parts[room] = 0;
		if (strcmp((char *)text, (char *)parts) == 0)
			continue;
		ck_assert_msg(!strcmp(unicode_fold_text(arena, (char *)text),
				      unicode_fold_text(arena, (char *)parts)),
			      "U+%04X", c);
		arena_reset(arena);
	}
	arena_free(arena);
}
END_TEST

START_TEST(what_is_hidden_does_not_count)
{
	assert_folded("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u062e\u0648");
	assert_folded("\u0915\u094d\u200d\u0937", "\u0915\u094d\u0937");
	assert_folded("co\u00adoperate\ufe0f\u2060", "cooperate");
	/* also where it keeps a letter from its accent */
	assert_folded("e\u200d\u0301", "\u00e9");
	/* but this one says where a word ends */
	assert_folded("\u0e01\u200b\u0e02", "\u0e01 \u0e02");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_folded_to_something)
{
	assert_folded("a\xff", "a\ufffd");
	assert_folded("a\xe0\xa7", "a\ufffd");
}
END_TEST

START_TEST(letters_and_marks_of_all_scripts_are_told_from_the_rest)
{
	ck_assert(unicode_is_alnum('a') && unicode_is_alnum('7') && unicode_is_alnum(0xe9));
	ck_assert(unicode_is_alnum(0x4e2d) && unicode_is_alnum(0x0661));
	ck_assert(!unicode_is_alnum(' ') && !unicode_is_alnum('_') && !unicode_is_alnum(0xa0));
	ck_assert(!unicode_is_alnum(0x1f600) && !unicode_is_alnum(0x2019));
	ck_assert(unicode_is_mark(0x093f) && unicode_is_mark(0x094d) && unicode_is_mark(0x0301));
	ck_assert(!unicode_is_alnum(0x093f) && !unicode_is_mark('a'));
	ck_assert(unicode_is_virama(0x094d) && unicode_is_virama(0x09cd));
	ck_assert(!unicode_is_virama(0x093f));
}
END_TEST

PROMISE("1 Requests", "Names, titles and categories show at least one visible character")
START_TEST(what_shows_is_told_from_what_does_not)
{
	static const uint32_t shows[] = { 'a', '7', '!', 0x4e2d, 0x2764, 0x1f600, 0xe000,
					  /* of a later Unicode than the tables: a pink heart */
					  0x1fa77 };
	static const uint32_t hides[] = { ' ',	  '\n',	  0xa0,	  0x0301,  0x200b, 0x200d,
					  0x3164, 0xffa0, 0x115f, 0x2800,  0x3000, 0xfe0f,
					  0x202e, 0x2069, 0xad,	  0xe0041, 0xfffe, 0x2065 };

	for (size_t i = 0; i < COUNT_OF(shows); i++)
		ck_assert_msg(unicode_is_visible(shows[i]), "U+%04X", shows[i]);
	for (size_t i = 0; i < COUNT_OF(hides); i++)
		ck_assert_msg(!unicode_is_visible(hides[i]), "U+%04X", hides[i]);
}
END_TEST

PROMISE("1 Requests",
	"Text holds no control characters but tab, line feed and carriage return (400)")
START_TEST(control_characters_are_those_of_ascii_and_of_latin_1)
{
	for (uint32_t c = 0; c < 0x3000; c++)
		ck_assert_int_eq(unicode_is_control(c), c < 0x20 || (c >= 0x7f && c < 0xa0));
}
END_TEST

Suite *suite_unicode(void)
{
	Suite *suite = suite_create("unicode");
	TCase *unicode = tcase_create("unicode");

	tcase_add_test(unicode, case_is_folded_in_every_alphabet);
	tcase_add_test(unicode, a_sigma_is_a_sigma_wherever_it_stands);
	tcase_add_test(unicode, letters_that_are_one_in_the_other_case_are_one);
	tcase_add_test(unicode, what_is_written_in_several_ways_is_one);
	tcase_add_test(unicode, every_character_is_folded_as_its_parts_are);
	tcase_add_test(unicode, what_is_hidden_does_not_count);
	tcase_add_test(unicode, bytes_that_are_no_text_are_folded_to_something);
	tcase_add_test(unicode, letters_and_marks_of_all_scripts_are_told_from_the_rest);
	tcase_add_test(unicode, what_shows_is_told_from_what_does_not);
	tcase_add_test(unicode, control_characters_are_those_of_ascii_and_of_latin_1);
	suite_add_tcase(suite, unicode);
	return suite;
}
