/* What values the rows of each type take, and what they refuse. */
#include "schema_fixture.h"
#include "suites.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

/* --- what is refused --- */

static const struct {
	const char *field, *value;
	enum err code;
} refused[] = {
	{ "text", "\"\"", ERR_INVALID_INPUT },
	{ "text", "\"   \"", ERR_INVALID_INPUT },
	{ "text", "\"123456\"", ERR_INVALID_INPUT },
	{ "text", "12", ERR_INVALID_INPUT },
	{ "text", "true", ERR_INVALID_INPUT },
	{ "text", "{\"$ne\":null}", ERR_INVALID_INPUT },
	{ "text", "[\"a\"]", ERR_INVALID_INPUT },
	{ "digits", "123456", ERR_INVALID_INPUT },
	{ "digits", "-12", ERR_INVALID_INPUT },
	{ "digits", "1.5", ERR_INVALID_INPUT },
	{ "digits", "1e3", ERR_INVALID_INPUT },
	{ "digits", "true", ERR_INVALID_INPUT },
	{ "digits", "[1]", ERR_INVALID_INPUT },
	{ "digits", "{\"$gt\":0}", ERR_INVALID_INPUT },
	{ "digits", "\"\"", ERR_INVALID_INPUT },
	{ "password", "\"12345\"", ERR_INVALID_INPUT },
	{ "password",
	  "\"0123456789012345678901234567890123456789012345678901234567890123456789123\"",
	  ERR_INVALID_INPUT },
	{ "password", "123456", ERR_INVALID_INPUT },
	{ "password", "{\"$gt\":\"\"}", ERR_INVALID_INPUT },
	{ "email", "\"\"", ERR_INVALID_INPUT },
	{ "email", "\"ann\"", ERR_INVALID_INPUT },
	{ "email", "\"@x.org\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@org\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@.org\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@x.\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@b@x.org\"", ERR_INVALID_INPUT },
	{ "email", "\"an n@x.org\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@x.o\\trg\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@x\\u00a0.org\"", ERR_INVALID_INPUT },
	{ "email", "\"ann@x.org\\u0007z\"", ERR_INVALID_INPUT },
	{ "email", "\"a-very-long-local-part@x.example\"", ERR_INVALID_INPUT },
	{ "email", "7", ERR_INVALID_INPUT },
	{ "url", "\"x.org/a.png\"", ERR_INVALID_INPUT },
	{ "url", "\"ftp://x.org\"", ERR_INVALID_INPUT },
	{ "url", "\"javascript:alert(1)\"", ERR_INVALID_INPUT },
	{ "url", "\"javascript://x.org\"", ERR_INVALID_INPUT },
	{ "url", "\"data:text/html,x\"", ERR_INVALID_INPUT },
	{ "url", "\"//x.org\"", ERR_INVALID_INPUT },
	{ "url", "\"https:/x.org\"", ERR_INVALID_INPUT },
	{ "url", "\"https://\"", ERR_INVALID_INPUT },
	{ "url", "\"https:///path\"", ERR_INVALID_INPUT },
	{ "url", "\"https://?q\"", ERR_INVALID_INPUT },
	{ "url", "\"https://:443/\"", ERR_INVALID_INPUT },
	{ "url", "\"https://user@/\"", ERR_INVALID_INPUT },
	{ "url", "\"https://x.org/a b\"", ERR_INVALID_INPUT },
	{ "url", "\"https://x.org/a\\nb\"", ERR_INVALID_INPUT },
	{ "url", "\"https://x.org/0123456789012345678901234567\"", ERR_INVALID_INPUT },
	{ "url", "false", ERR_INVALID_INPUT },
	{ "choice", "\"green\"", ERR_INVALID_INPUT },
	{ "choice", "\"Red\"", ERR_INVALID_INPUT },
	{ "choice", "\"re\"", ERR_INVALID_INPUT },
	{ "choice", "\"\"", ERR_INVALID_INPUT },
	{ "choice", "[\"red\"]", ERR_INVALID_INPUT },
	{ "choice", "0", ERR_INVALID_INPUT },
	{ "whole", "0", ERR_INVALID_INPUT },
	{ "whole", "101", ERR_INVALID_INPUT },
	{ "whole", "1.5", ERR_INVALID_INPUT },
	{ "whole", "-1", ERR_INVALID_INPUT },
	{ "whole", "9223372036854775807", ERR_INVALID_INPUT },
	{ "whole", "\"\"", ERR_INVALID_INPUT },
	{ "whole", "\" \"", ERR_INVALID_INPUT },
	{ "whole", "\"12abc\"", ERR_INVALID_INPUT },
	{ "whole", "\"0x10\"", ERR_INVALID_INPUT },
	{ "whole", "\"1e1\"", ERR_INVALID_INPUT },
	{ "whole", "\"+5\"", ERR_INVALID_INPUT },
	{ "whole", "\"--5\"", ERR_INVALID_INPUT },
	{ "whole", "\"-\"", ERR_INVALID_INPUT },
	{ "whole", "\"5.\"", ERR_INVALID_INPUT },
	{ "whole", "\".5\"", ERR_INVALID_INPUT },
	{ "whole", "\"1,000\"", ERR_INVALID_INPUT },
	{ "whole", "\"1 0\"", ERR_INVALID_INPUT },
	{ "whole", "\"5.5\"", ERR_INVALID_INPUT },
	{ "whole", "\"99999999999999999999\"", ERR_INVALID_INPUT },
	{ "whole", "\"NaN\"", ERR_INVALID_INPUT },
	{ "whole", "\"\xD9\xA3\"", ERR_INVALID_INPUT },
	{ "whole", "true", ERR_INVALID_INPUT },
	{ "whole", "[5]", ERR_INVALID_INPUT },
	{ "whole", "{}", ERR_INVALID_INPUT },
	{ "coins", "20.5", ERR_WHOLE_COINS },
	{ "coins", "\"20.50\"", ERR_WHOLE_COINS },
	{ "coins", "2.05e1", ERR_WHOLE_COINS },
	{ "coins", "20.000000000000000000001", ERR_WHOLE_COINS },
	{ "coins", "0.5", ERR_WHOLE_COINS },
	{ "coins", "19", ERR_BELOW_MINIMUM },
	{ "coins", "-20", ERR_BELOW_MINIMUM },
	{ "coins", "\"-99999999999999999999\"", ERR_BELOW_MINIMUM },
	{ "coins", "1000001", ERR_INVALID_INPUT },
	{ "coins", "\"many\"", ERR_INVALID_INPUT },
	{ "money", "0.001", ERR_INVALID_INPUT },
	{ "money", "19.999", ERR_INVALID_INPUT },
	{ "money", "0", ERR_INVALID_INPUT },
	{ "money", "1000.01", ERR_INVALID_INPUT },
	{ "money", "-1", ERR_INVALID_INPUT },
	{ "money", "9223372036854775807", ERR_INVALID_INPUT },
	{ "money", "\"$5\"", ERR_INVALID_INPUT },
	{ "page", "0", ERR_INVALID_INPUT },
	{ "page", "\"x\"", ERR_INVALID_INPUT },
	{ "date", "\"tomorrow\"", ERR_INVALID_INPUT },
	{ "date", "\"\"", ERR_INVALID_INPUT },
	{ "date", "\"2026-02-30\"", ERR_INVALID_INPUT },
	{ "date", "\"2026-01-31T25:00:00Z\"", ERR_INVALID_INPUT },
	{ "date", "1769850000000", ERR_INVALID_INPUT },
	{ "date", "{\"$date\":1}", ERR_INVALID_INPUT },
	{ "delta", "0", ERR_INVALID_INPUT },
	{ "delta", "-0.0", ERR_INVALID_INPUT },
	{ "delta", "-11", ERR_INVALID_INPUT },
	{ "id", "\"65ab\"", ERR_INVALID_ID },
	{ "id", "\"65ab000102030405060708fg\"", ERR_INVALID_ID },
	{ "id", "\"65ab000102030405060708ff0\"", ERR_INVALID_ID },
	{ "id", "\"\"", ERR_INVALID_ID },
	{ "id", "5", ERR_INVALID_ID },
	{ "id", "{\"$oid\":\"65ab000102030405060708ff\"}", ERR_INVALID_ID },
	{ "ids", "[]", ERR_INVALID_INPUT },
	{ "ids", "\"65ab000102030405060708ff\"", ERR_INVALID_INPUT },
	{ "ids", "{}", ERR_INVALID_INPUT },
	{ "ids", "[\"x\"]", ERR_INVALID_ID },
	{ "ids", "[\"65ab000102030405060708ff\",null]", ERR_INVALID_ID },
	{ "ids", "[\"65ab000102030405060708ff\",[]]", ERR_INVALID_ID },
	{ "ids", "[1,2,3,4]", ERR_INVALID_INPUT },
	{ "truth", "\"yes\"", ERR_INVALID_INPUT },
	{ "truth", "\"True\"", ERR_INVALID_INPUT },
	{ "truth", "\"\"", ERR_INVALID_INPUT },
	{ "truth", "1", ERR_INVALID_INPUT },
	{ "truth", "[true]", ERR_INVALID_INPUT },
	{ "truth", "{\"$eq\":true}", ERR_INVALID_INPUT },
	{ "parts", "[]", ERR_INVALID_INPUT },
	{ "parts", "{}", ERR_INVALID_INPUT },
	{ "parts", "true", ERR_INVALID_INPUT },
	{ "parts", "\"[]\"", ERR_INVALID_INPUT },
	{ "parts", "[null]", ERR_INVALID_INPUT },
	{ "parts", "[{\"word\":\"a\"},\"b\"]", ERR_INVALID_INPUT },
	{ "parts", "[{\"word\":\"a\"},[]]", ERR_INVALID_INPUT },
	{ "parts", "[{\"word\":1},{\"word\":2},{\"word\":3},{\"word\":4}]", ERR_INVALID_INPUT },
};

START_TEST(a_bad_value_is_refused_by_name_and_code)
{
	ck_assert_ptr_nonnull(member(refused[_i].field, refused[_i].value));
	ck_assert_int_eq(err, OK);
	expect_fault(refused[_i].field, refused[_i].code);
}
END_TEST

/* --- what is taken --- */

static const struct {
	const char *value;
	int64_t whole;
} wholes[] = {
	{ "7", 7 },	      { "10.0", 10 },
	{ "1e1", 10 },	      { "1.0E+1", 10 },
	{ "100e-1", 10 },     { "\"12\"", 12 },
	{ "\" 10.0 \"", 10 }, { "\"10.00\"", 10 },
	{ "\"007\"", 7 },     { "\"\\u00a05\\ufeff\"", 5 },
	{ "\"\\t5\\n\"", 5 },
};

START_TEST(a_whole_number_may_be_written_in_several_ways)
{
	expect_number(taken(member("whole", wholes[_i].value))->whole, wholes[_i].whole);
}
END_TEST

static const struct {
	const char *value;
	int64_t cents;
} prices[] = {
	{ "19.99", 1999 }, { "19.9", 1990 },	  { "1", 100 },	     { "0.01", 1 },
	{ "1e2", 10000 },  { "\"10.50\"", 1050 }, { "0.29", 29 },    { "1.10", 110 },
	{ "4.350", 435 },  { "1000", 100000 },	  { "\"0.07\"", 7 },
};

PROMISE("1 Requests", "Money is US dollars, a JSON number with at most 2 decimals")
START_TEST(money_is_exact_to_the_cent)
{
	expect_number(taken(member("money", prices[_i].value))->money, prices[_i].cents);
}
END_TEST

START_TEST(negative_numbers_are_taken_where_the_row_allows)
{
	expect_number(taken(member("delta", "-10"))->delta, -10);
	expect_number(taken(member("delta", "\"-3.0\""))->delta, -3);
}
END_TEST

START_TEST(a_number_above_a_clamped_limit_becomes_the_limit)
{
	expect_number(taken(member("page", "101"))->page, 100);
	expect_number(taken(query("page=99999999999999999999"))->page, 100);
}
END_TEST

START_TEST(a_number_of_digits_is_kept_as_their_text)
{
	expect_text(taken(member("digits", "12345"))->digits, "12345");
	expect_text(taken(member("digits", "0"))->digits, "0");
	expect_text(taken(member("digits", "\" 007 \""))->digits, "007");
	expect_text(taken(member("digits", "\"a-1\""))->digits, "a-1");
}
END_TEST

START_TEST(who_is_below_the_minimum_is_told_it_where_the_row_says_so)
{
	member("coins", "19");
	ck_assert_str_eq(faults.list[0].number_name, "least");
	ck_assert_int_eq(faults.list[0].number, 20);
	memset(&faults, 0, sizeof(faults));
	member("coins", "19.5");
	ck_assert_ptr_null(faults.list[0].number_name);
	memset(&faults, 0, sizeof(faults));
	member("whole", "0");
	ck_assert_ptr_null(faults.list[0].number_name);
}
END_TEST

START_TEST(null_and_absent_are_the_same)
{
	const struct input *in = taken(body("{\"text\":null,\"whole\":null,\"ids\":null,"
					    "\"date\":null,\"id\":null}"));

	ck_assert_ptr_null(in->text);
	ck_assert_ptr_null(in->url);
	ck_assert(!in->whole.given && !in->date.given && !in->id.given);
	ck_assert_uint_eq(in->ids.count, 0);
}
END_TEST

START_TEST(texts_are_trimmed_of_unicode_white_space)
{
	const char *spaces = "\\t\\n\\u000b\\f\\r \\u00a0\\u1680\\u2000\\u200a\\u2028\\u2029"
			     "\\u202f\\u205f\\u3000\\ufeff";

	expect_text(taken(member("text", arena_printf(arena, "\"%sa b%s\"", spaces, spaces)))->text,
		    "a b");
	expect_text(taken(member("choice", "\" blue \""))->choice, "blue");
	expect_text(taken(member("email", "\" Ann@X.org\\n\""))->email, "Ann@X.org");
}
END_TEST

START_TEST(lengths_count_code_points)
{
	expect_text(taken(member("text", "\"\\ud83d\\ude00\\u00e9\xE2\x82\xAC"
					 "de\""))
			    ->text,
		    "\xF0\x9F\x98\x80\xC3\xA9\xE2\x82\xAC"
		    "de");
}
END_TEST

START_TEST(passwords_are_never_trimmed_and_count_bytes)
{
	expect_text(taken(member("password", "\" 1234 \""))->password, " 1234 ");
	expect_text(taken(member("password", "\"\\u00e9\\u00e9\\u00e9\""))->password,
		    "\xC3\xA9\xC3\xA9\xC3\xA9");
}
END_TEST

START_TEST(web_addresses_may_be_empty_http_or_https)
{
	static const char *const urls[] = {
		"",
		"http://x.org",
		"HTTPS://X.org/a?b#c",
		"https://[::1]:8/",
		"http://u:p@x.org:80",
		"https://x",
		"http://1.2.3.4/é",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		expect_text(taken(member("url", arena_printf(arena, "\"%s\"", urls[i])))->url,
			    urls[i]);
}
END_TEST

START_TEST(a_choice_is_stored_as_the_pointer_of_its_list)
{
	ck_assert_ptr_eq(taken(member("choice", "\"blue\""))->choice, input_colours[1]);
}
END_TEST

START_TEST(dates_may_lack_a_time)
{
	expect_number(taken(member("date", "\"2026-01-31\""))->date, 1769817600000);
	expect_number(taken(member("date", "\" 2026-01-31T10:00:00+01:00 \""))->date,
		      1769850000000);
}
END_TEST

START_TEST(ids_are_read_in_either_case)
{
	const struct input *in = taken(body("{\"id\":\"65AB000102030405060708FF\","
					    "\"ids\":[\"65ab000102030405060708ff\","
					    "\"000000000000000000000001\"]}"));

	ck_assert(in->id.given);
	ck_assert_uint_eq(in->ids.count, 2);
	ck_assert(id_equal(&in->id.id, &in->ids.ids[0]));
	ck_assert_uint_eq(in->ids.ids[1].bytes[11], 1);
}
END_TEST

START_TEST(a_truth_may_be_written_as_text)
{
	ck_assert(taken(member("truth", "true"))->truth);
	ck_assert(taken(member("truth", "\" true \""))->truth);
	ck_assert(taken(query("truth=true"))->truth);
	ck_assert(!taken(member("truth", "false"))->truth);
	ck_assert(!taken(member("truth", "\"false\""))->truth);
	ck_assert(!taken(member("truth", "null"))->truth);
}
END_TEST

START_TEST(objects_are_read_by_a_schema_of_their_own)
{
	const struct object_list *parts =
		&taken(member("parts", "[{\"word\":\" a \",\"truth\":true,\"x\":[{}]},"
				       "{\"word\":\"b\"}]"))
			 ->parts;

	ck_assert_uint_eq(parts->count, 2);
	const struct part *first = parts->objects[0], *second = parts->objects[1];
	expect_text(first->word, "a");
	expect_text(second->word, "b");
	ck_assert(first->truth && !second->truth);
}
END_TEST

START_TEST(a_fault_in_an_object_says_in_which)
{
	ck_assert_ptr_nonnull(member("parts", "[{\"word\":\"a\"},{\"truth\":5}]"));
	ck_assert_uint_eq(faults.count, 2);
	ck_assert_str_eq(faults.list[0].field, "parts[1].word");
	ck_assert_str_eq(faults.list[0].message, "parts[1].word is required.");
	ck_assert_str_eq(faults.list[1].field, "parts[1].truth");
	ck_assert_str_eq(faults.list[1].message, "parts[1].truth must be true or false.");
}
END_TEST

START_TEST(unknown_fields_are_ignored)
{
	expect_number(taken(body("{\"role\":\"admin\",\"coins2\":[{}],\"whole\":1}"))->whole, 1);
	expect_number(taken(query("role=admin&x=%zz&whole=1&whole2=5"))->whole, 1);
}
END_TEST

/* --- paths into what other services answer --- */

struct deep {
	const char *id, *word, *second;
	struct number amount;
};

static const struct field deep_rows[] = {
	FIELD("id", TEXT, deep, id),
	FIELD("more.word", TEXT, deep, word),
	FIELD("list.1.id", TEXT, deep, second),
	FIELD("amount", WHOLE, deep, amount, .flags = FIELD_REQUIRED),
};

static const struct deep *decode_at(const char *at, const char *text)
{
	struct schema schema = {
		.at = at, .size = sizeof(struct deep), .fields = deep_rows, .count = 4
	};

	faults.count = 0;
	return schema_decode_body(arena, &schema, text, strlen(text), &faults, &detail, &err);
}

#define DEEP \
	"{\"id\":\"a\",\"more\":{\"word\":\"w\"},\"list\":[{\"id\":\"x\"},{\"id\":\"y\"}],\"amount\":7}"

START_TEST(rows_may_stand_anywhere_in_a_document)
{
	static const struct {
		const char *at, *text;
	} places[] = {
		{ NULL, DEEP },
		{ "data.object", "{\"data\":{\"object\":" DEEP "},\"id\":\"evt\"}" },
		{ "data.0", "{\"data\":[" DEEP ",{\"id\":\"b\"}]}" },
	};
	const struct deep *in = decode_at(places[_i].at, places[_i].text);

	ck_assert_uint_eq(faults.count, 0);
	ck_assert_str_eq(in->id, "a");
	ck_assert_str_eq(in->word, "w");
	ck_assert_str_eq(in->second, "y");
	expect_number(in->amount, 7);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_finds_nothing)
{
	static const struct {
		const char *at, *text;
	} places[] = {
		{ "data.object", "{\"data\":{}}" },
		{ "data.object", "{\"data\":null}" },
		{ "data.object", "{\"data\":\"object\"}" },
		{ "data.object", "{\"data\":[" DEEP "]}" },
		{ "data.0", "{\"data\":[]}" },
		{ "data.1", "{\"data\":[" DEEP "]}" },
		{ "data.99999999999999999999", "{\"data\":[" DEEP "]}" },
	};
	const struct deep *in = decode_at(places[_i].at, places[_i].text);

	expect_fault("amount", ERR_INVALID_INPUT);
	ck_assert_ptr_null(in->id);
	ck_assert_ptr_null(in->word);
}
END_TEST

static TCase *values(void)
{
	TCase *tcase = tcase_create("values");

	tcase_add_checked_fixture(tcase, schema_setup, schema_teardown);
	tcase_add_loop_test(tcase, a_bad_value_is_refused_by_name_and_code, 0, COUNT(refused));
	tcase_add_loop_test(tcase, a_whole_number_may_be_written_in_several_ways, 0, COUNT(wholes));
	tcase_add_loop_test(tcase, money_is_exact_to_the_cent, 0, COUNT(prices));
	tcase_add_test(tcase, negative_numbers_are_taken_where_the_row_allows);
	tcase_add_test(tcase, a_number_above_a_clamped_limit_becomes_the_limit);
	tcase_add_test(tcase, a_number_of_digits_is_kept_as_their_text);
	tcase_add_test(tcase, who_is_below_the_minimum_is_told_it_where_the_row_says_so);
	tcase_add_test(tcase, null_and_absent_are_the_same);
	tcase_add_test(tcase, texts_are_trimmed_of_unicode_white_space);
	tcase_add_test(tcase, lengths_count_code_points);
	tcase_add_test(tcase, passwords_are_never_trimmed_and_count_bytes);
	tcase_add_test(tcase, web_addresses_may_be_empty_http_or_https);
	tcase_add_test(tcase, a_choice_is_stored_as_the_pointer_of_its_list);
	tcase_add_test(tcase, dates_may_lack_a_time);
	tcase_add_test(tcase, ids_are_read_in_either_case);
	tcase_add_test(tcase, a_truth_may_be_written_as_text);
	tcase_add_test(tcase, objects_are_read_by_a_schema_of_their_own);
	tcase_add_test(tcase, a_fault_in_an_object_says_in_which);
	tcase_add_test(tcase, unknown_fields_are_ignored);
	tcase_add_loop_test(tcase, rows_may_stand_anywhere_in_a_document, 0, 3);
	tcase_add_loop_test(tcase, a_path_that_leads_nowhere_finds_nothing, 0, 7);
	return tcase;
}

Suite *suite_schema(void)
{
	Suite *suite = suite_create("schema");

	suite_add_tcase(suite, values());
	return suite;
}
