#include "base/quote.h"
#include "suites.h"
#include "json/json_out.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct buffer out;
static struct json json;

static void setup(void)
{
	memset(&out, 0, sizeof(out));
	json_start(&json, &out);
}

static void teardown(void)
{
	buffer_free(&out);
}

START_TEST(members_and_items_are_parted_by_commas)
{
	json_object(&json, NULL);
	json_int(&json, "a", 1);
	json_array(&json, "b");
	json_int(&json, NULL, 2);
	json_int(&json, NULL, 3);
	json_object(&json, NULL);
	json_end(&json);
	json_end(&json);
	json_bool(&json, "c", true);
	json_null(&json, "d");
	json_end(&json);
	ck_assert_str_eq(out.bytes, "{\"a\":1,\"b\":[2,3,{}],\"c\":true,\"d\":null}");
}
END_TEST

START_TEST(finishing_closes_what_is_open)
{
	json_array(&json, NULL);
	json_object(&json, NULL);
	json_array(&json, "list");
	json_finish(&json);
	ck_assert_str_eq(out.bytes, "[{\"list\":[]}]");
	json_finish(&json);
	ck_assert_str_eq(out.bytes, "[{\"list\":[]}]");
}
END_TEST

static const struct {
	const char *text;
	size_t length;
	const char *written;
} texts[] = {
	{ "", 0, "\"\"" },
	{ "plain", 5, "\"plain\"" },
	{ "say \"hi\" \\o/", 12, "\"say \\\"hi\\\" \\\\o/\"" },
	{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
	{ "a\x01z\x1f", 4, "\"a\\u0001z\\u001f\"" },
	{ "a\0b", 3,
	  "\"a\xEF\xBF\xBD"
	  "b\"" },
	{ "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
	{ "a\xFFz", 3, "\"a\xEF\xBF\xBDz\"" },
	{ "cut \xE2\x82", 6, "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\"" },
	{ "\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
	{ "\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
};

START_TEST(texts_are_escaped_and_bad_bytes_replaced)
{
	json_text_n(&json, NULL, texts[_i].text, texts[_i].length);
	ck_assert_str_eq(out.bytes, texts[_i].written);
}
END_TEST

/* Plain bytes are copied several at a time: whatever stands among them is written as it is alone. */
START_TEST(a_byte_among_plain_ones_is_written_as_alone)
{
	for (int byte = 0; byte < 0x100; byte++) {
		struct buffer alone = { 0 };
		const char c = (char)byte;

		quote_json(&alone, &c, 1, SIZE_MAX - 1);
		for (size_t at = 0; at < 20; at++) {
			struct buffer whole = { 0 }, expected = { 0 };
			char text[20];

			memset(text, 'p', sizeof text);
			text[at] = c;
			quote_json(&whole, text, sizeof text, SIZE_MAX - 1);
			buffer_printf(&expected, "\"%.*s%.*s%.*s\"", (int)at,
				      "pppppppppppppppppppp", (int)alone.length - 2,
				      alone.bytes + 1, 19 - (int)at, "pppppppppppppppppppp");
			ck_assert_str_eq(whole.bytes, expected.bytes);
			buffer_free(&whole);
			buffer_free(&expected);
		}
		buffer_free(&alone);
	}
}
END_TEST

START_TEST(a_long_text_is_cut_at_a_character)
{
	static const struct {
		const char *text, *cut;
	} cases[] = {
		{ "0123456789", "\"012345678\xE2\x80\xA6\"" },
		{ "012345678", "\"012345678\"" },
		{ "01234567\xC3\xA9z", "\"01234567\xC3\xA9\xE2\x80\xA6\"" },
		{ "\1\1\1", "\"\\u0001\\u0001\xE2\x80\xA6\"" },
		{ "\1\1", "\"\\u0001\\u0001\"" },
		{ "", "\"\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_reset(&out);
		json_start(&json, &out);
		json_text_most(&json, NULL, cases[i].text, strlen(cases[i].text), 9);
		ck_assert_str_eq(out.bytes, cases[i].cut);
	}
}
END_TEST

START_TEST(names_are_escaped_like_texts)
{
	json_object(&json, NULL);
	json_text(&json, "a\"b", NULL);
	json_finish(&json);
	ck_assert_str_eq(out.bytes, "{\"a\\\"b\":null}");
}
END_TEST

static const struct {
	int64_t cents;
	const char *written;
} amounts[] = {
	{ 0, "0" },
	{ 1, "0.01" },
	{ 10, "0.1" },
	{ 1050, "10.5" },
	{ 1999, "19.99" },
	{ 2000, "20" },
	{ -5, "-0.05" },
	{ -1050, "-10.5" },
	{ INT64_MAX, "92233720368547758.07" },
	{ INT64_MIN, "-92233720368547758.08" },
};

PROMISE("1 Requests", "Money is US dollars, a JSON number with at most 2 decimals")
START_TEST(cents_are_written_as_dollars)
{
	json_cents(&json, NULL, amounts[_i].cents);
	ck_assert_str_eq(out.bytes, amounts[_i].written);
}
END_TEST

static const struct {
	double value;
	const char *written;
} doubles[] = {
	{ 0, "0" },
	{ -0.0, "0" },
	{ 3, "3" },
	{ -12, "-12" },
	{ 0.1, "0.1" },
	{ 33.33, "33.33" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 9007199254740991.0, "9007199254740991" },
	{ 1e300, "1e+300" },
	{ 5e-324, "4.94065645841247e-324" },
	{ NAN, "null" },
	{ INFINITY, "null" },
};

START_TEST(doubles_are_short_and_whole_ones_have_no_point)
{
	json_double(&json, NULL, doubles[_i].value);
	ck_assert_str_eq(out.bytes, doubles[_i].written);
}
END_TEST

START_TEST(doubles_read_back_the_same)
{
	srand(7);
	for (int i = 0; i < 10000; i++) {
		double value = (double)rand() / (1 + rand()) * (rand() % 2 ? 1e-9 : 1e9);

		buffer_reset(&out);
		json_start(&json, &out);
		json_double(&json, NULL, value);
		ck_assert(strtod(out.bytes, NULL) == value);
	}
}
END_TEST

START_TEST(dates_and_ids_are_texts)
{
	struct id id = { { 0x65, 0xAB, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF } };

	json_object(&json, NULL);
	json_id(&json, "_id", &id);
	json_date(&json, "at", 1769850000000);
	json_raw(&json, "raw", "[1]", 3);
	json_finish(&json);
	ck_assert_str_eq(out.bytes, "{\"_id\":\"65ab000102030405060708ff\","
				    "\"at\":\"2026-01-31T09:00:00.000Z\",\"raw\":[1]}");
}
END_TEST

START_TEST(indented_text_is_for_people)
{
	struct buffer pretty = { 0 };
	const char *text = "{\"a\":[1,{}], \"b\" : \"{\\\",:[\",\n\"c\":[ ] }";

	json_indent(&pretty, text, strlen(text));
	ck_assert_str_eq(pretty.bytes, "{\n  \"a\": [\n    1,\n    {}\n  ],\n"
				       "  \"b\": \"{\\\",:[\",\n  \"c\": []\n}\n");
	buffer_free(&pretty);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

Suite *suite_json_out(void)
{
	Suite *suite = suite_create("json_out");
	TCase *shape = tcase_create("shape");
	TCase *values = tcase_create("values");

	tcase_add_checked_fixture(shape, setup, teardown);
	tcase_add_test(shape, members_and_items_are_parted_by_commas);
	tcase_add_test(shape, finishing_closes_what_is_open);
	tcase_add_test(shape, a_byte_among_plain_ones_is_written_as_alone);
	tcase_add_test(shape, a_long_text_is_cut_at_a_character);
	tcase_add_test(shape, names_are_escaped_like_texts);
	tcase_add_test(shape, dates_and_ids_are_texts);
	tcase_add_test(shape, indented_text_is_for_people);
	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_loop_test(values, texts_are_escaped_and_bad_bytes_replaced, 0, COUNT(texts));
	tcase_add_loop_test(values, cents_are_written_as_dollars, 0, COUNT(amounts));
	tcase_add_loop_test(values, doubles_are_short_and_whole_ones_have_no_point, 0,
			    COUNT(doubles));
	tcase_add_test(values, doubles_read_back_the_same);
	suite_add_tcase(suite, shape);
	suite_add_tcase(suite, values);
	return suite;
}
