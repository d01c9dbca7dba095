/* Bodies and queries as a whole: what they may look like, and how their faults are told. */
#include "schema_fixture.h"
#include "suites.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

/* --- bodies --- */

static const char *const bad_bodies[] = { "[]",	 "nul", "1",	 "\"{}\"",	     "{",
					  "{}}", " ",	"a=b&c", "{\"x\":1,\"x\":1}" };

START_TEST(a_body_that_is_no_json_object_is_refused)
{
	const char *text = bad_bodies[_i];

	ck_assert_ptr_null(body(text));
	ck_assert_int_eq(err, ERR_INVALID_JSON);
	ck_assert_ptr_nonnull(detail.sentence);
	ck_assert_uint_eq(faults.count, 0);
}
END_TEST

static const char *const empty_bodies[] = { "", "null", " null\n", "\ufeff", "\ufeffnull" };

PROMISE("1 Requests", "A body that is `null` is an empty one")
START_TEST(an_empty_body_and_null_are_an_empty_object)
{
	taken(body(empty_bodies[_i]));
	ck_assert_int_eq(err, OK);
	taken(schema_decode_body(arena, &input_schema, NULL, 0, &faults, &detail, &err));
	ck_assert_int_eq(err, OK);
}
END_TEST

PROMISE("1 Requests", "A byte order mark before JSON is skipped")
START_TEST(a_byte_order_mark_before_a_body_is_skipped)
{
	expect_text(taken(body("\ufeff{\"text\":\"a\"}"))->text, "a");
	ck_assert_ptr_null(body("\ufeff\ufeff{}"));
	ck_assert_int_eq(err, ERR_INVALID_JSON);
}
END_TEST

START_TEST(every_fault_is_told_at_once_in_the_order_of_the_rows)
{
	ck_assert_ptr_nonnull(body("{\"ids\":1,\"coins\":20.5,\"text\":5,\"whole\":7}"));
	ck_assert_uint_eq(faults.count, 3);
	ck_assert_str_eq(faults.list[0].field, "text");
	ck_assert_str_eq(faults.list[1].field, "coins");
	ck_assert_str_eq(faults.list[2].field, "ids");
}
END_TEST

struct wide {
	struct input input;
	const char *more;
};

static const struct field wide_rows[] = {
	FIELD("more", TEXT, wide, more, .flags = FIELD_REQUIRED, .min = 1),
};

static const struct schema wide_schema = { .name = "Wide",
					   .base = &input_schema,
					   .size = sizeof(struct wide),
					   .fields = wide_rows,
					   .count = COUNT(wide_rows) };

START_TEST(a_schema_may_stand_on_another)
{
	const struct wide *wide =
		schema_decode_query(arena, &wide_schema, "more=x&whole=5", &faults);

	ck_assert_uint_eq(faults.count, 0);
	expect_number(wide->input.whole, 5);
	expect_text(wide->more, "x");
}
END_TEST

START_TEST(a_required_field_must_be_there)
{
	schema_decode_body(arena, &wide_schema, "{\"more\":null}", 13, &faults, &detail, &err);
	expect_fault("more", ERR_INVALID_INPUT);
	ck_assert_str_eq(faults.list[0].message, "more is required.");
}
END_TEST

static const struct {
	const char *field, *value, *message;
} messages[] = {
	{ "text", "\"\"", "text must be 1 to 5 characters." },
	{ "password", "\"\"", "password must be 6 to 72 bytes long." },
	{ "email", "\"\"", "email must be an e-mail address of at most 30 characters." },
	{ "url", "\"x\"",
	  "url must be empty or an http or https address of at most 40 characters." },
	{ "choice", "\"\"", "choice must be one of red, blue." },
	{ "whole", "0", "whole must be a whole number from 1 to 100." },
	{ "coins", "1.5", "coins must be a whole number of coins." },
	{ "money", "0",
	  "money must be an amount in dollars with at most 2 decimals from 0.01 to 1000.00." },
	{ "delta", "0", "delta must not be 0." },
	{ "delta", "11", "delta must be a whole number from -10 to 10." },
	{ "date", "\"\"", "date must be an ISO 8601 date or date-time." },
	{ "id", "\"\"", "id must be an id of 24 hex digits." },
	{ "ids", "[]", "ids must be an array of 1 to 3 ids." },
};

START_TEST(a_message_names_the_field_and_its_limit)
{
	member(messages[_i].field, messages[_i].value);
	ck_assert_uint_eq(faults.count, 1);
	ck_assert_str_eq(faults.list[0].message, messages[_i].message);
}
END_TEST

START_TEST(more_faults_than_are_told_are_counted)
{
	for (int i = 0; i < 40; i++)
		fault_add(&faults, "x", ERR_INVALID_INPUT, "x is wrong.");
	ck_assert_uint_eq(faults.count, 40);
	ck_assert_uint_eq(faults_told(&faults), 32);
}
END_TEST

/* --- queries --- */

START_TEST(a_query_is_decoded_once)
{
	const struct input *in =
		taken(query("text=a+b%2B%25&%77hole=%37&&=&url=http%3A%2F%2Fx.org%2F%3Fa%3D1"));

	expect_text(in->text, "a b+%");
	expect_number(in->whole, 7);
	expect_text(in->url, "http://x.org/?a=1");
}
END_TEST

START_TEST(no_query_and_an_empty_one_give_nothing)
{
	ck_assert_ptr_null(taken(query(NULL))->text);
	ck_assert_ptr_null(taken(query(""))->text);
	ck_assert_ptr_null(taken(query("&&&"))->text);
}
END_TEST

PROMISE("1 Requests", "A blank query parameter is absent")
START_TEST(a_blank_value_in_a_query_is_absent)
{
	const struct input *in = taken(query(
		"text=&choice=+&whole=%20&coins=%09&date&id=+&money=&truth=%C2%A0&email=&url="));

	ck_assert_ptr_null(in->text);
	ck_assert_ptr_null(in->choice);
	ck_assert(!in->whole.given && !in->coins.given && !in->date.given && !in->id.given);
	ck_assert_ptr_null(taken(query("text"))->text);
	expect_text(taken(query("text=&text=a&text=+"))->text, "a");
}
END_TEST

PROMISE("1 Validation", "No query operator ever reaches MongoDB")
START_TEST(an_operator_in_a_query_is_an_unknown_name)
{
	ck_assert_ptr_null(taken(query("text[$ne]=a&text[]=b&text%5B%24gt%5D="))->text);
}
END_TEST

static const struct {
	const char *field, *query;
} bad_queries[] = {
	{ "whole", "whole=x" },
	{ "whole", "whole=%2B5" },
	{ "whole", "whole=1&whole=1" },
	{ "text", "text=b&text=&text=a" },
	{ "text", "text=a&t%65xt=b&text=c" },
	{ "text", "text=%" },
	{ "text", "text=%4" },
	{ "text", "text=%zz" },
	{ "text", "text=a%00b" },
	{ "text", "text=%FF" },
	{ "text", "text=%C0%AF" },
	{ "text", "text=%ED%A0%80" },
	{ "text", "text=\xFF" },
	{ "ids", "ids=65ab000102030405060708ff" },
};

START_TEST(a_bad_query_is_one_fault_of_its_field)
{
	ck_assert_ptr_nonnull(query(bad_queries[_i].query));
	expect_fault(bad_queries[_i].field, ERR_INVALID_INPUT);
}
END_TEST

/* --- what is sent back as it is stored --- */

/* The record has what is refused today; the body sends one member of it back. */
static const char stored[] =
	"{\"text\":\"far too long\",\"url\":\"uploads/me.png\",\"choice\":\"Red\",\"whole\":-1,"
	"\"date\":\"long ago\",\"digits\":null,\"truth\":42,\"email\":\" odd \"}";

static const struct input *edit(const char *text, const char *shown)
{
	return schema_decode_edit(arena, &input_schema, (struct json_piece){ text, strlen(text) },
				  (struct json_piece){ shown, strlen(shown) }, &faults, &detail,
				  &err);
}

static const char *const echoes[] = {
	"{\"text\":\"far too long\"}",
	"{\"text\":\" far too long\\n\"}",
	"{\"url\":\"uploads/me.png\"}",
	"{\"choice\":\"Red\"}",
	"{\"whole\":-1}",
	"{\"whole\":-1.0}",
	"{\"date\":\"long ago\"}",
	"{\"truth\":42}",
	"{\"email\":\"odd\"}",
	"{\"email\":\" odd \",\"digits\":null,\"other\":[]}",
};

PROMISE("1 Validation", "A value sent back as it is stored is no change and is not judged")
START_TEST(a_value_sent_back_as_it_is_stored_is_absent)
{
	const struct input *in = taken(edit(echoes[_i], stored));

	ck_assert(!in->text && !in->url && !in->choice && !in->email && !in->truth);
	ck_assert(!in->whole.given && !in->date.given);
}
END_TEST

static const struct {
	const char *field, *text;
} changes[] = {
	{ "text", "{\"text\":\"far too long!\",\"url\":\"uploads/me.png\"}" },
	{ "text", "{\"text\":\"far  too long\"}" },
	{ "url", "{\"url\":\"Uploads/me.png\"}" },
	{ "whole", "{\"whole\":-2}" },
	{ "whole", "{\"whole\":\"-1\"}" },
	{ "choice", "{\"choice\":[\"Red\"]}" },
	{ "truth", "{\"truth\":\"42\"}" },
	{ "digits", "{\"digits\":{}}" },
};

PROMISE("1 Validation", "Any other value than the stored one is judged")
START_TEST(any_other_value_is_judged)
{
	ck_assert_ptr_nonnull(edit(changes[_i].text, stored));
	ck_assert_uint_eq(faults.count, 1);
	ck_assert_str_eq(faults.list[0].field, changes[_i].field);
}
END_TEST

PROMISE("1 Validation", "Any other value than the stored one is judged")
START_TEST(without_a_record_every_value_is_judged)
{
	static const char *const shown[] = { "", "{}", "null", "[]", "{\"text\":\"\\u0000\"}" };

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		memset(&faults, 0, sizeof(faults));
		edit("{\"text\":\"far too long\"}", shown[i]);
		ck_assert_uint_eq(faults.count, 1);
	}
	memset(&faults, 0, sizeof(faults));
	expect_text(taken(edit("{\"text\":\"short\"}", stored))->text, "short");
}
END_TEST

/* --- characters of texts --- */

static const char *const controls[] = { "\\u0001", "\\u001f",  "\\b",	   "\\f",     "\\u000b",
					"\x7f",	   "\xc2\x80", "\xc2\x85", "\xc2\x9f" };

PROMISE("1 Requests",
	"Text holds no control characters but tab, line feed and carriage return (400)")
START_TEST(a_text_holds_no_control_characters)
{
	const char *text = arena_printf(arena, "\"a%sb\"", controls[_i]);

	member("text", text);
	expect_fault("text", ERR_INVALID_INPUT);
	ck_assert_str_eq(
		faults.list[0].message,
		"text must hold no control characters but tab, line feed and carriage return.");
}
END_TEST

PROMISE("1 Requests",
	"Text holds no control characters but tab, line feed and carriage return (400)")
START_TEST(nor_does_one_in_a_query)
{
	query("text=a%01b");
	expect_fault("text", ERR_INVALID_INPUT);
}
END_TEST

PROMISE("1 Requests",
	"Text holds no control characters but tab, line feed and carriage return (400)")
START_TEST(a_text_may_hold_tabs_and_line_ends_and_a_password_anything)
{
	expect_text(taken(member("text", "\"a\\t\\r\\nb\""))->text, "a\t\r\nb");
	expect_text(taken(member("password", "\"a1\\u0001\\u007f\xc2\x85x\""))->password,
		    "a1\x01\x7f\xc2\x85x");
	/* at its ends they are white space, and what hides is for names alone to refuse */
	expect_text(taken(member("text", "\"\\u000b\\fa\u200b\\u000b\""))->text, "a\u200b");
}
END_TEST

struct named {
	const char *name, *nick;
};

static const struct field name_rows[] = {
	FIELD("name", TEXT, named, name, .flags = FIELD_LABEL, .min = 1, .max = 9),
	FIELD("nick", TEXT, named, nick, .flags = FIELD_LABEL, .max = 9),
};
static const struct schema ours = SCHEMA_OF("Ours", struct named, name_rows);
static const struct schema theirs = SCHEMA_OF("Theirs", struct named, name_rows, .foreign = true);

static const struct named *named(const struct schema *schema, const char *text)
{
	memset(&faults, 0, sizeof(faults));
	return schema_decode_body(arena, schema, text, strlen(text), &faults, &detail, &err);
}

START_TEST(a_label_shows_something_and_may_be_empty_where_it_may)
{
	named(&ours, "{\"name\":\"\u200b\",\"nick\":\"\u3164\"}");
	ck_assert_uint_eq(faults.count, 2);
	named(&ours, "{\"nick\":\"\u202eabc\"}");
	expect_fault("nick", ERR_INVALID_INPUT);
	expect_text(named(&ours, "{\"nick\":\" \"}")->nick, "");
	ck_assert_uint_eq(faults.count, 0);
}
END_TEST

PROMISE("1 Requests",
	"Text holds no control characters but tab, line feed and carriage return (400)")
START_TEST(what_other_programs_write_is_taken_as_it_is)
{
	expect_text(named(&theirs, "{\"name\":\"\\u0001\u200b\"}")->name, "\x01\u200b");
	ck_assert_uint_eq(faults.count, 0);
}
END_TEST

static TCase *edits(void)
{
	TCase *tcase = tcase_create("edits");

	tcase_add_checked_fixture(tcase, schema_setup, schema_teardown);
	tcase_add_loop_test(tcase, a_value_sent_back_as_it_is_stored_is_absent, 0, COUNT(echoes));
	tcase_add_loop_test(tcase, any_other_value_is_judged, 0, COUNT(changes));
	tcase_add_test(tcase, without_a_record_every_value_is_judged);
	return tcase;
}

static TCase *characters(void)
{
	TCase *tcase = tcase_create("characters");

	tcase_add_checked_fixture(tcase, schema_setup, schema_teardown);
	tcase_add_loop_test(tcase, a_text_holds_no_control_characters, 0, COUNT(controls));
	tcase_add_test(tcase, nor_does_one_in_a_query);
	tcase_add_test(tcase, a_text_may_hold_tabs_and_line_ends_and_a_password_anything);
	tcase_add_test(tcase, a_label_shows_something_and_may_be_empty_where_it_may);
	tcase_add_test(tcase, what_other_programs_write_is_taken_as_it_is);
	return tcase;
}

static TCase *bodies(void)
{
	TCase *tcase = tcase_create("bodies");

	tcase_add_checked_fixture(tcase, schema_setup, schema_teardown);
	tcase_add_loop_test(tcase, a_body_that_is_no_json_object_is_refused, 0, COUNT(bad_bodies));
	tcase_add_loop_test(tcase, an_empty_body_and_null_are_an_empty_object, 0,
			    COUNT(empty_bodies));
	tcase_add_test(tcase, a_byte_order_mark_before_a_body_is_skipped);
	tcase_add_test(tcase, every_fault_is_told_at_once_in_the_order_of_the_rows);
	tcase_add_test(tcase, a_schema_may_stand_on_another);
	tcase_add_test(tcase, a_required_field_must_be_there);
	tcase_add_loop_test(tcase, a_message_names_the_field_and_its_limit, 0, COUNT(messages));
	tcase_add_test(tcase, more_faults_than_are_told_are_counted);
	return tcase;
}

static TCase *queries(void)
{
	TCase *tcase = tcase_create("queries");

	tcase_add_checked_fixture(tcase, schema_setup, schema_teardown);
	tcase_add_test(tcase, a_query_is_decoded_once);
	tcase_add_test(tcase, no_query_and_an_empty_one_give_nothing);
	tcase_add_test(tcase, a_blank_value_in_a_query_is_absent);
	tcase_add_test(tcase, an_operator_in_a_query_is_an_unknown_name);
	tcase_add_loop_test(tcase, a_bad_query_is_one_fault_of_its_field, 0, COUNT(bad_queries));
	return tcase;
}

Suite *suite_schema_input(void)
{
	Suite *suite = suite_create("schema_input");

	suite_add_tcase(suite, bodies());
	suite_add_tcase(suite, edits());
	suite_add_tcase(suite, characters());
	suite_add_tcase(suite, queries());
	return suite;
}
