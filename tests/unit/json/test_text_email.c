#include "base/count.h"
#include "suites.h"
#include "json/text.h"

#include <string.h>

static const char *const good[] = {
	"ann@example.org",
	"a@b.c",
	"Ann.B+tag_x-y'z@mail.example.co.uk",
	"\xc3\xa9mile@caf\xc3\xa9.example", /* composed */
	"\xe0\xa6\xac\xe0\xa6\xbe@x.example", /* with a vowel sign */
	"\xc4\xb0@x.org", /* dotted I, which has no other form */
};

PROMISE("3 POST /register",
	"Email: no empty part, no brackets, blanks or invisible characters, in NFC")
START_TEST(an_address_is_one)
{
	ck_assert_msg(text_is_email(good[_i], strlen(good[_i])), "%s", good[_i]);
}
END_TEST

static const struct {
	const char *what, *address;
} bad[] = {
	{ "nothing", "" },
	{ "no @", "ann.example.org" },
	{ "nothing before it", "@x.org" },
	{ "nothing after it", "ann@" },
	{ "two", "ann@b@x.org" },
	{ "no dot in the domain", "a.nn@org" },
	{ "an empty first part", "ann@.org" },
	{ "an empty last part", "ann@x." },
	{ "an empty part in the middle", "ann@x..org" },
	{ "a dot alone", "ann@." },
	{ "empty parts before it", "a..b@x.org" },
	{ "an empty part at the start", ".a@x.org" },
	{ "an empty part before the @", "a.@x.org" },
	{ "a blank", "an n@x.org" },
	{ "a tab", "ann@x.o\trg" },
	{ "a control character", "ann@x.org\x07z" },
	{ "DEL", "a\x7fnn@x.org" },
	{ "angle brackets", "<ann@x.org>" },
	{ "round brackets", "ann(home)@x.org" },
	{ "square brackets", "ann@[127.0.0.1]" },
	{ "curly brackets", "{ann}@x.org" },
	{ "fullwidth brackets", "\xef\xbc\x88"
				"ann@x.org" },
	{ "NO-BREAK SPACE", "a\xc2\xa0nn@x.org" },
	{ "IDEOGRAPHIC SPACE", "a\xe3\x80\x80nn@x.org" },
	{ "SOFT HYPHEN", "a\xc2\xadnn@x.org" },
	{ "COMBINING GRAPHEME JOINER", "a\xcd\x8fnn@x.org" },
	{ "ZERO WIDTH SPACE", "a\xe2\x80\x8bnn@x.org" },
	{ "ZERO WIDTH JOINER", "a\xe2\x80\x8dnn@x.org" },
	{ "RIGHT-TO-LEFT OVERRIDE", "a\xe2\x80\xaenn@x.org" },
	{ "LINE SEPARATOR", "a\xe2\x80\xa8nn@x.org" },
	{ "WORD JOINER", "a\xe2\x81\xa0nn@x.org" },
	{ "ZERO WIDTH NO-BREAK SPACE", "a\xef\xbb\xbfnn@x.org" },
	{ "VARIATION SELECTOR-16", "a\xef\xb8\x8fnn@x.org" },
	{ "TAG LATIN SMALL LETTER A", "a\xf3\xa0\x81\xa1nn@x.org" },
	{ "HANGUL CHOSEONG FILLER", "a\xe1\x85\x9fnn@x.org" },
	{ "HANGUL FILLER", "\xe3\x85\xa4@x.org" },
	{ "HALFWIDTH HANGUL FILLER", "a\xef\xbe\xa0nn@x.org" },
	{ "BRAILLE PATTERN BLANK", "a\xe2\xa0\x80nn@x.org" },
	{ "MUSICAL SYMBOL NULL NOTEHEAD", "a\xf0\x9d\x85\x99nn@x.org" },
	{ "a noncharacter", "a\xef\xbf\xbfnn@x.org" },
	{ "not in NFC: e with an acute beside it", "e\xcc\x81mile@x.org" },
	{ "not in NFC: KELVIN SIGN", "\xe2\x84\xaa@x.org" },
	{ "not in NFC: ANGSTROM SIGN in the domain", "ann@\xe2\x84\xab.org" },
	{ "not in NFC: marks in another order", "a\xcc\x81\xcc\xa3@x.org" },
};

PROMISE("3 POST /register",
	"Email: no empty part, no brackets, blanks or invisible characters, in NFC")
START_TEST(what_is_no_address_is_refused)
{
	ck_assert_msg(!text_is_email(bad[_i].address, strlen(bad[_i].address)), "%s", bad[_i].what);
}
END_TEST

Suite *suite_text_email(void)
{
	Suite *suite = suite_create("text_email");
	TCase *tests = tcase_create("text_email");

	tcase_add_loop_test(tests, an_address_is_one, 0, COUNT_OF(good));
	tcase_add_loop_test(tests, what_is_no_address_is_refused, 0, COUNT_OF(bad));
	suite_add_tcase(suite, tests);
	return suite;
}
