#include "json/label.h"

#include "base/count.h"
#include "suites.h"

#include <string.h>

static const char *const good[] = {
	"Ada",
	"7",
	"!",
	"\u6771\u4eac",
	/* joiners inside a word: Persian, and behind a virama also at its end, as older Malayalam */
	"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
	"\u0915\u094d\u200d\u0937",
	"\u09b0\u200d\u09cd\u09af\u09be\u09ac",
	"\u0d05\u0d35\u0d28\u0d4d\u200d",
	/* … and inside an emoji: a family, one with skin tones, a flag with its look chosen */
	"\U0001f468\u200d\U0001f469\u200d\U0001f467",
	"\U0001f9d1\U0001f3fb\u200d\U0001f91d\u200d\U0001f9d1\U0001f3ff",
	"\U0001f3f3\ufe0f\u200d\U0001f308",
	"\u2764\ufe0f\u200d\U0001f525 Ada",
	/* looks chosen: a heart, a key cap, an ideograph */
	"\u2764\ufe0f",
	"1\ufe0f\u20e3",
	"#\ufe0f\u20e3",
	"\u845b\U000e0100",
	"\u1820\u180b",
	"\u00a9\ufe0f",
	/* the flag of Wales spells its name in tags */
	"\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
	/* a colour of skin, alone */
	"\U0001f3fd",
	/* newer than the tables */
	"\U0001fa77",
	/* writing from the right needs no marks */
	"\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
	"Zoe\u0308",
	"two\nlines",
};

PROMISE("1 Requests", "Joiners inside a word or an emoji are taken")
START_TEST(a_label_shows_something_and_hides_nothing)
{
	const char *problem = label_problem(good[_i], strlen(good[_i]));

	ck_assert_msg(!problem, "%s", problem);
}
END_TEST

static const char *const blank[] = { "",	   " ",	     "\u00a0", "\u3000",  "\u2800\u2800",
				     "\U0001d159", "\u0301", "\n",     " \u0301 " };

static const char *const hiding[] = {
	/* nothing to see at all */
	"\u200b",
	"\u3164",
	"\uffa0",
	"\u115f\u1160",
	"\u00ad",
	"\u2060",
	"\ufe0f",
	"\u200d",
	"\U000e0041",
	/* beside what is seen */
	"A\u200bda",
	"Ada\u200b",
	"Ada\u2060",
	"A\u00adda",
	"A\ufeffda",
	"A\u034fda",
	"A\u3164",
	"A\u2063da",
	"A\U000e0041",
	/* turned around */
	"\u202eadA",
	"\u202dAda\u202c",
	"\u202aAda",
	"\u202bAda",
	"\u2066Ada\u2069",
	"\u2067Ada",
	"\u2068Ada",
	"Ada\u200e",
	"\u200fAda",
	"\u061cAda",
	/* joiners at an end, twice, or between what does not join */
	"\u200dAda",
	"Ada\u200d",
	"Ada\u200c",
	"A\u200d\u200dda",
	"A\u200c\u200dda",
	"A \u200dda",
	"A\u200d da",
	"!\u200d!",
	"\U0001f468\u200d",
	"\U0001f468\u200dAda",
	"\U0001f468\u200d\u200d\U0001f469",
	/* a look chosen twice, or of nothing */
	"\u2764\ufe0f\ufe0f",
	" \ufe0fAda",
	/* … or of what has but one */
	"A\ufe0fda",
	"Zoe\u0308\ufe0f",
	"\u00e9\ufe00",
	"1\ufe0f",
	"Ada!\ufe0f",
	"\u0645\ufe0f",
	/* where a gloss begins, is, and ends */
	"\ufff9Ada\ufffa\ufffb",
};

PROMISE("1 Requests", "Names, titles and categories show at least one visible character")
START_TEST(what_shows_nothing_is_no_label)
{
	ck_assert_ptr_nonnull(label_problem(blank[_i], strlen(blank[_i])));
}
END_TEST

PROMISE("1 Requests",
	"Names, titles and categories hold no bidirectional overrides and no zero-width characters")
START_TEST(what_hides_something_is_no_label)
{
	const char *problem = label_problem(hiding[_i], strlen(hiding[_i]));

	ck_assert_msg(problem && strstr(problem, "invisible"), "%s", hiding[_i]);
}
END_TEST

Suite *suite_label(void)
{
	Suite *suite = suite_create("label");
	TCase *tests = tcase_create("label");

	tcase_add_loop_test(tests, a_label_shows_something_and_hides_nothing, 0,
			    (int)COUNT_OF(good));
	tcase_add_loop_test(tests, what_shows_nothing_is_no_label, 0, (int)COUNT_OF(blank));
	tcase_add_loop_test(tests, what_hides_something_is_no_label, 0, (int)COUNT_OF(hiding));
	suite_add_tcase(suite, tests);
	return suite;
}
