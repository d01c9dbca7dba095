/* Idempotency keys, entity tags, caches, and how a refusal looks. */
#include "pipeline_fixture.h"
#include "suites.h"

#include <string.h>

/* --- idempotency keys --- */

START_TEST(a_call_without_a_key_claims_nothing)
{
	scene_put("{\"name\":\"x\"}");
	expect_status(200);
	expect_reached("auth handle ");
}
END_TEST

START_TEST(without_a_key_or_with_a_bad_one_nothing_is_recalled)
{
	scene_put("{}");
	expect_status(400);
	expect_reached("auth ");
	scene_teardown();
	scene_setup();
	scene.rq.idempotency_key = "bad\tone";
	scene_put("{}");
	expect_status(400);
	expect_reached("auth ");
}
END_TEST

START_TEST(a_bad_id_is_refused_whatever_the_key_holds)
{
	scene.rq.idempotency_key = "done";
	scene.rq.authorization = "Bearer worker";
	scene_send("PUT", "/api/things/nonsense");
	expect_status(400);
	expect_reached("auth ");
}
END_TEST

static const char *const bad_keys[] = { "", "a\tb", "a\x7f", "\xC3\xA9", "a\nb" };

START_TEST(a_key_of_other_characters_is_refused)
{
	scene.rq.idempotency_key = bad_keys[_i];
	scene_put("{\"name\":\"x\"}");
	expect_status(400);
	expect_code("invalid_input");
	expect_in_body("\"errors\":[{\"field\":\"Idempotency-Key\"");
	expect_reached("auth ");
}
END_TEST

START_TEST(a_key_of_256_characters_is_refused)
{
	char key[257];

	memset(key, 'k', 256);
	key[256] = '\0';
	scene.rq.idempotency_key = key;
	scene_put("{\"name\":\"x\"}");
	expect_status(400);
}
END_TEST

START_TEST(a_call_that_honours_no_key_does_not_look_at_it)
{
	scene.rq.authorization = "Bearer worker";
	scene.rq.idempotency_key = "";
	scene_send("PUT", "/api/pairs/" SCENE_ID "/" SCENE_ID);
	expect_status(200);
	expect_reached("auth handle ");
}
END_TEST

/* --- entity tags and caches --- */

/* The ETag header's value of the answer before. */
static const char *etag_sent(void)
{
	const char *at = strstr(scene.rq.headers.bytes, "ETag: ") + strlen("ETag: ");

	return arena_copy(scene.rq.arena, at, strcspn(at, "\r"));
}

static void send_again(const char *if_none_match)
{
	buffer_reset(&scene.rq.headers);
	scene.rq.if_none_match = if_none_match;
	scene_send("GET", "/api/open");
}

PROMISE("1 Responses", "GETs of one record or a list carry a weak `ETag`")
START_TEST(a_get_carries_a_weak_tag_and_is_304_to_who_holds_it)
{
	scene_send("GET", "/api/open");

	const char *etag = etag_sent();

	ck_assert_uint_eq(strlen(etag), strlen("W/\"0123456789abcdef\""));
	ck_assert(strncmp(etag, "W/\"", 3) == 0);
	send_again(etag);
	expect_status(304);
	ck_assert_uint_eq(scene.rq.out.length, 0);
	ck_assert_str_eq(etag_sent(), etag);
	expect_header("Cache-Control: no-cache");
}
END_TEST

START_TEST(another_tag_gets_the_whole_answer)
{
	scene.rq.if_none_match = "W/\"0000000000000000\", \"x\"";
	scene_send("GET", "/api/open");
	expect_status(200);
	expect_in_body("\"name\"");
}
END_TEST

static const struct {
	const char *header;
	bool listed;
} tags[] = {
	{ "W/\"abc\"", true },
	{ "\"abc\"", true },
	{ "*", true },
	{ " * ", true },
	{ "\"x\", W/\"abc\"", true },
	{ "\"x\",,\"abc\"", true },
	{ "W/\"x,\\\",\"abc\"", true },
	{ "", false },
	{ "abc", false },
	{ "\"abc", false },
	{ "W/abc", false },
	{ "\"ABC\"", false },
	{ "\"abcd\"", false },
	{ "w/\"abc\"", false },
	{ "\"ab\"\"c\"", false },
};

START_TEST(tags_are_compared_weakly_in_a_list)
{
	ck_assert(request_etag_listed(tags[_i].header, "W/\"abc\"") == tags[_i].listed);
}
END_TEST

START_TEST(head_is_answered_as_get)
{
	scene_send("HEAD", "/api/open");
	expect_status(200);
	ck_assert_str_eq(scene.rq.out.bytes,
			 "{\"name\":\"none\",\"caller\":null,\"left_open\":[]}");
	scene.rq.if_none_match = "*";
	scene_send("HEAD", "/api/open");
	expect_status(304);
}
END_TEST

START_TEST(only_a_get_carries_a_tag)
{
	scene.rq.if_none_match = "*";
	scene_send("POST", "/api/open");
	expect_status(200);
	expect_no_header("ETag");
}
END_TEST

static const struct {
	const char *authorization, *method, *uri, *cache;
} cached[] = {
	{ NULL, "GET", "/api/open", "Cache-Control: no-cache" },
	{ "Bearer worker", "GET", "/api/open", "Cache-Control: no-cache" },
	{ NULL, "GET", "/api/things", "Cache-Control: no-cache" },
	{ "Bearer worker", "GET", "/api/things", "Cache-Control: no-store" },
	{ "Bearer other", "GET", "/api/things", "Cache-Control: no-store" },
	{ "Bearer worker", "GET", "/api/things/" SCENE_ID, "Cache-Control: no-store" },
	{ NULL, "GET", "/api/things/" SCENE_ID, "Cache-Control: no-store" },
	{ NULL, "POST", "/api/open", "Cache-Control: no-store" },
	{ NULL, "GET", "/api/nowhere", "Cache-Control: no-store" },
};

START_TEST(no_cache_keeps_what_a_token_had_a_part_in)
{
	scene.rq.authorization = cached[_i].authorization;
	scene_send(cached[_i].method, cached[_i].uri);
	expect_header(cached[_i].cache);
}
END_TEST

/* --- refusals --- */

START_TEST(a_refusal_of_a_public_call_says_success_false)
{
	scene.handler_result = ERR_NOT_FOUND;
	scene_send("GET", "/api/said");
	expect_status(404);
	ck_assert_str_eq(scene.rq.out.bytes,
			 "{\"success\":false,\"error\":\"There is nothing here.\","
			 "\"message\":\"There is nothing here.\",\"code\":\"not_found\","
			 "\"requestId\":\"req-1\"}");
}
END_TEST

START_TEST(a_refusal_elsewhere_does_not_speak_of_success)
{
	scene.handler_result = ERR_NOT_FOUND;
	scene_send("GET", "/api/open");
	ck_assert_ptr_null(strstr(scene.rq.out.bytes, "success"));
}
END_TEST

PROMISE("1 Errors", "Plus the extra fields named below")
START_TEST(a_refusal_tells_its_numbers_and_its_field)
{
	scene.handler_result = ERR_INSUFFICIENT_COINS;
	scene.sentence = "You need 30 coins.";
	scene.field = "size";
	scene.insufficient = true;
	scene_put("{\"name\":\"x\"}");
	expect_status(400);
	ck_assert_str_eq(scene.rq.out.bytes,
			 "{\"error\":\"You need 30 coins.\",\"message\":\"You need 30 coins.\","
			 "\"code\":\"insufficient_coins\",\"requestId\":\"req-1\","
			 "\"required\":30,\"available\":7,"
			 "\"errors\":[{\"field\":\"size\",\"code\":\"insufficient_coins\","
			 "\"message\":\"You need 30 coins.\"}]}");
}
END_TEST

START_TEST(a_bad_field_may_have_a_number_told_beside_other_faults)
{
	scene_put("{\"size\":0}");
	expect_status(400);
	ck_assert_ptr_nonnull(
		strstr(scene.rq.out.bytes, "\"requestId\":\"req-1\",\"smallest\":1,\"errors\":["));
}
END_TEST

START_TEST(only_who_is_below_is_told_the_number)
{
	scene_put("{\"name\":\"x\",\"size\":101}");
	expect_status(400);
	ck_assert_ptr_null(strstr(scene.rq.out.bytes, "smallest"));
}
END_TEST

START_TEST(a_refusal_drops_what_the_handler_had_written)
{
	scene.handler_result = ERR_CONFLICT;
	scene_send("GET", "/api/open");
	expect_status(409);
	expect_no_header("X-Thing");
	expect_no_header("ETag");
	ck_assert_ptr_null(strstr(scene.rq.out.bytes, "left_open"));
}
END_TEST

static const struct {
	enum err err;
	int given;
	const char *header;
} waits[] = {
	{ ERR_TOO_MANY_REQUESTS, 0, "Retry-After: 60" },
	{ ERR_TOO_MANY_REQUESTS, 7, "Retry-After: 7" },
	{ ERR_UNAVAILABLE, 0, "Retry-After: 2" },
	{ ERR_IN_PROGRESS, 0, "Retry-After: 1" },
	{ ERR_IN_PROGRESS, 30, "Retry-After: 30" },
};

START_TEST(who_may_try_again_learns_when)
{
	scene.handler_result = waits[_i].err;
	scene.retry_after = waits[_i].given;
	scene_send("GET", "/api/open");
	expect_header(waits[_i].header);
}
END_TEST

START_TEST(a_conflict_is_not_worth_waiting_for)
{
	scene.handler_result = ERR_CONFLICT;
	scene_send("GET", "/api/open");
	expect_no_header("Retry-After");
}
END_TEST

START_TEST(a_handler_that_gives_no_answer_is_an_internal_error)
{
	scene.handler_status = 0;
	scene_send("GET", "/api/open");
	expect_status(500);
	expect_code("internal");
}
END_TEST

START_TEST(a_thread_takes_the_next_request_as_if_it_were_the_first)
{
	scene.handler_result = ERR_CONFLICT;
	scene_put("{\"name\":\"x\"}");
	scene.rq.claim = arena_alloc(scene.rq.arena, 1);
	request_reset(&scene.rq);
	scene.rq.request_id = "req-2";
	scene.handler_result = OK;
	scene_send("GET", "/api/open");
	expect_status(200);
	expect_in_body("\"caller\":null");
	expect_no_header("no-store");
	ck_assert_ptr_null(scene.rq.claim);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

static TCase *keys(void)
{
	TCase *tcase = tcase_create("idempotency keys");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, a_call_without_a_key_claims_nothing);
	tcase_add_test(tcase, without_a_key_or_with_a_bad_one_nothing_is_recalled);
	tcase_add_test(tcase, a_bad_id_is_refused_whatever_the_key_holds);
	tcase_add_loop_test(tcase, a_key_of_other_characters_is_refused, 0, COUNT(bad_keys));
	tcase_add_test(tcase, a_key_of_256_characters_is_refused);
	tcase_add_test(tcase, a_call_that_honours_no_key_does_not_look_at_it);
	return tcase;
}

static TCase *caches(void)
{
	TCase *tcase = tcase_create("tags and caches");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, a_get_carries_a_weak_tag_and_is_304_to_who_holds_it);
	tcase_add_test(tcase, another_tag_gets_the_whole_answer);
	tcase_add_loop_test(tcase, tags_are_compared_weakly_in_a_list, 0, COUNT(tags));
	tcase_add_test(tcase, head_is_answered_as_get);
	tcase_add_test(tcase, only_a_get_carries_a_tag);
	tcase_add_loop_test(tcase, no_cache_keeps_what_a_token_had_a_part_in, 0, COUNT(cached));
	return tcase;
}

static TCase *refusals(void)
{
	TCase *tcase = tcase_create("refusals");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_test(tcase, a_refusal_of_a_public_call_says_success_false);
	tcase_add_test(tcase, a_refusal_elsewhere_does_not_speak_of_success);
	tcase_add_test(tcase, a_refusal_tells_its_numbers_and_its_field);
	tcase_add_test(tcase, a_bad_field_may_have_a_number_told_beside_other_faults);
	tcase_add_test(tcase, only_who_is_below_is_told_the_number);
	tcase_add_test(tcase, a_refusal_drops_what_the_handler_had_written);
	tcase_add_loop_test(tcase, who_may_try_again_learns_when, 0, COUNT(waits));
	tcase_add_test(tcase, a_conflict_is_not_worth_waiting_for);
	tcase_add_test(tcase, a_handler_that_gives_no_answer_is_an_internal_error);
	tcase_add_test(tcase, a_thread_takes_the_next_request_as_if_it_were_the_first);
	return tcase;
}

Suite *suite_pipeline_answer(void)
{
	Suite *suite = suite_create("pipeline_answer");

	suite_add_tcase(suite, keys());
	suite_add_tcase(suite, caches());
	suite_add_tcase(suite, refusals());
	return suite;
}
