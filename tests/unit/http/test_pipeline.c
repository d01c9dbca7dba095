/* The order of refusals, who may call, and what may be sent. */
#include "base/clock.h"
#include "base/count.h"
#include "http/media.h"
#include "pipeline_fixture.h"
#include "suites.h"

#include <string.h>

/* --- the order --- */

static void no_such_route(void)
{
	scene.rq.uri = "/api/nowhere";
}

static void no_such_method(void)
{
	scene.rq.method = "PATCH";
}

static void too_large(void)
{
	scene.rq.body_too_large = true;
	scene.rq.body = NULL;
	scene.rq.body_length = 0;
}

static void no_token(void)
{
	scene.rq.authorization = NULL;
}

static void wrong_role(void)
{
	scene.rq.authorization = "Bearer buyer";
}

static void no_json(void)
{
	scene.rq.content_type = "text/plain";
}

static void bad_input(void)
{
	scene.rq.body = "{\"name\":5}";
	scene.rq.body_length = 10;
}

static void handler_fails(void)
{
	scene.handler_result = ERR_NOT_FOUND;
}

/* In the order in which the contract refuses them. */
static const struct {
	void (*spoil)(void);
	int status;
} defects[] = {
	{ no_such_route, 404 }, { no_such_method, 405 }, { too_large, 413 },
	{ no_token, 401 },	{ wrong_role, 403 },	 { no_json, 415 },
	{ bad_input, 400 },	{ scene_close, 503 },	 { handler_fails, 404 },
};

#define DEFECTS (int)(sizeof(defects) / sizeof(defects[0]))

/* A good request with two defects, of which the earlier one counts. */
PROMISE("1 Validation",
	"Refusals come in this order: route 404, method 405, size 413, token 401, role 403, media type 415, ids "
	"and body 400, record 404, owner 403, state 400 or 409")
START_TEST(of_two_reasons_to_refuse_the_earlier_one_is_told)
{
	int first = _i / DEFECTS, second = _i % DEFECTS;

	if (second < first)
		return;
	clock_heard(clock_of_host());
	scene.rq.authorization = "Bearer worker";
	scene.rq.content_type = "application/json";
	scene.rq.body = "{\"name\":\"x\"}";
	scene.rq.body_length = strlen(scene.rq.body);
	scene.rq.method = "PUT";
	scene.rq.uri = "/api/things/" SCENE_ID;
	/* The later one first, so that the earlier has the last word where both set the same. */
	defects[second].spoil();
	defects[first].spoil();
	scene_send(scene.rq.method, scene.rq.uri);
	expect_status(defects[first].status);
	ck_assert_ptr_eq(strstr(scene.reached, "handle"),
			 first == DEFECTS - 1 ? scene.reached + strlen("auth ") : NULL);
}
END_TEST

START_TEST(a_good_request_takes_every_step)
{
	scene_put("{\"name\":\" x \",\"role\":\"admin\"}");
	expect_status(200);
	expect_reached("auth handle ");
	ck_assert_str_eq(scene.rq.out.bytes,
			 "{\"name\":\"x\",\"caller\":\"worker\",\"left_open\":[]}");
}
END_TEST

START_TEST(a_405_tells_what_is_allowed)
{
	scene_send("PATCH", "/api/things/" SCENE_ID);
	expect_status(405);
	expect_header("Allow: GET, HEAD, PUT, DELETE, OPTIONS");
	expect_code("method_not_allowed");
	expect_reached("");
}
END_TEST

static const char *const lost[] = {
	"/",	  "/api",	  "/api/",	"/api/nowhere", "/api/things//",
	"/api/%", "/api/op%00en", "/api/op\xFF"
};

START_TEST(a_path_that_leads_nowhere_is_404)
{
	scene_send("GET", lost[_i]);
	expect_status(404);
	expect_code("not_found");
}
END_TEST

START_TEST(a_trailing_slash_is_ignored)
{
	scene_send("GET", "/api/open/?x=1");
	expect_status(200);
}
END_TEST

START_TEST(only_rows_that_say_so_answer_while_closed)
{
	scene_close();
	scene_send("GET", _i ? "/api/alive" : "/api/open");
	expect_status(_i ? 200 : 503);
	expect_reached(_i ? "handle " : "");
}
END_TEST

START_TEST(nobody_is_judged_by_a_clock_that_heard_nothing_yet)
{
	if (clock_is_heard())
		return; /* by a test before, as with sanitizers all run in one process */
	scene_close();
	scene_send("GET", "/api/things/" SCENE_ID);
	expect_status(503);
	expect_reached("");
}
END_TEST

START_TEST(a_405_needs_no_clock)
{
	scene_close();
	scene_send("DELETE", "/api/open");
	expect_status(405);
}
END_TEST

/* --- who --- */

static const char *const no_bearer[] = {
	"",	   "worker",	   "Basic worker",	   "Bearer",
	"Bearer ", "Bearerworker", "Bearer worker worker", "Token worker"
};

START_TEST(an_authorization_that_is_no_bearer_token_is_401)
{
	scene.rq.authorization = no_bearer[_i];
	scene_send("GET", "/api/things/" SCENE_ID);
	expect_status(401);
	expect_code("unauthorized");
	expect_header("WWW-Authenticate: Bearer");
	expect_reached("");
}
END_TEST

static const char *const bearers[] = { "Bearer worker", "bearer worker", "BEARER  worker ",
				       "Bearer worker\t" };

START_TEST(the_word_bearer_is_known_in_any_case)
{
	scene.rq.authorization = bearers[_i];
	scene_send("GET", "/api/things/" SCENE_ID);
	expect_status(200);
}
END_TEST

START_TEST(an_expired_token_says_so)
{
	scene.rq.authorization = "Bearer other";
	scene.auth_result = ERR_TOKEN_EXPIRED;
	scene_send("GET", "/api/things/" SCENE_ID);
	expect_status(401);
	expect_code("token_expired");
}
END_TEST

START_TEST(a_public_call_never_looks_at_the_token)
{
	scene.rq.authorization = "Bearer other";
	scene.auth_result = ERR_UNAVAILABLE;
	scene_send("GET", "/api/open");
	expect_status(200);
	expect_reached("handle ");
}
END_TEST

START_TEST(where_a_token_is_optional_a_good_one_tells_who)
{
	scene.rq.authorization = "Bearer buyer";
	scene_send("GET", "/api/things");
	expect_status(200);
	expect_in_body("\"caller\":\"buyer\"");
}
END_TEST

static const enum err ignored[] = { ERR_UNAUTHORIZED, ERR_TOKEN_EXPIRED };

START_TEST(where_a_token_is_optional_a_bad_one_is_as_none)
{
	scene.rq.authorization = "Bearer other";
	scene.auth_result = ignored[_i];
	scene_send("GET", "/api/things");
	expect_status(200);
	expect_in_body("\"caller\":null");
	ck_assert_ptr_null(scene.rq.caller.name);
}
END_TEST

START_TEST(where_a_token_is_optional_an_outage_is_told)
{
	scene.rq.authorization = "Bearer other";
	scene.auth_result = ERR_UNAVAILABLE;
	scene_send("GET", "/api/things");
	expect_status(503);
	expect_header("Retry-After: 2");
	expect_reached("auth ");
}
END_TEST

PROMISE("3 GET /me, PUT /profile", "Both are for anyone with a token")
START_TEST(what_is_for_any_is_for_a_role_that_nobody_knows_too)
{
	scene.rq.authorization = "Bearer boss";
	scene_send("GET", "/api/things/" SCENE_ID);
	expect_status(200);
}
END_TEST

static const char *const other_roles[] = { "Bearer buyer", "Bearer boss" };

START_TEST(a_role_that_is_not_named_is_forbidden)
{
	scene.rq.authorization = other_roles[_i];
	scene_send("DELETE", "/api/things/" SCENE_ID);
	expect_status(403);
	expect_code("forbidden");
	expect_reached("auth ");
}
END_TEST

/* --- what --- */

static const struct {
	const char *type;
	bool json;
} media[] = {
	{ "application/json", true },
	{ "Application/JSON", true },
	{ "application/json; charset=utf-8", true },
	{ "application/json ;charset=\"UTF-8\"", true },
	{ "application/json;charset=utf-8;v=1;", true },
	{ "application/json; charset=UTF8", true },
	{ "application/vnd.api+json", true },
	{ "application/merge-patch+json; x", true },
	{ NULL, false },
	{ "", false },
	{ "text/json", false },
	{ "application/jsonp", false },
	{ "application/json, text/html", false },
	{ "application/+json", false },
	{ "application/json; charset=latin1", false },
	{ "application/json; charset=utf-16", false },
	{ "application/json; charset=", false },
	{ "application/x-www-form-urlencoded", false },
	{ "multipart/form-data; boundary=x", false },
	{ "text/plain; application/json", false },
};

START_TEST(json_is_told_from_other_media_types)
{
	ck_assert(media_is_json(media[_i].type) == media[_i].json);
}
END_TEST

static const char *const raw_bodies[] = { "", "{\"a\":1}", "not JSON", "\xff", "[1]" };

START_TEST(a_raw_body_of_any_type_is_the_handlers_to_judge)
{
	scene.rq.body = raw_bodies[_i];
	scene.rq.body_length = strlen(raw_bodies[_i]);
	scene.rq.content_type = _i % 2 ? "text/plain" : NULL;
	scene_send("POST", "/api/raw");
	expect_status(200);
	expect_reached("handle ");
}
END_TEST

START_TEST(a_raw_body_has_the_limit_of_all)
{
	too_large();
	scene_send("POST", "/api/raw");
	expect_status(413);
	expect_reached("");
}
END_TEST

static const char *const any_type[] = { NULL, "", "text/plain", "application/json" };

PROMISE("1 Requests",
	"PUT and POST that need no input accept an empty body of any or no content type")
START_TEST(an_empty_body_may_have_any_type)
{
	scene.rq.content_type = any_type[_i];
	scene_send("POST", "/api/open");
	expect_status(200);
}
END_TEST

static const struct {
	const char *method, *uri;
} no_body_needed[] = {
	{ "GET", "/api/open" },
	{ "POST", "/api/open" },
	{ "DELETE", "/api/things/" SCENE_ID },
};
static const char *const odd_bodies[] = { "not json", "[1]", "\xff", "{\"a\":1,\"a\":2}" };

PROMISE("1 Requests", "A body where none is needed is not looked at")
START_TEST(a_body_where_none_is_needed_is_not_looked_at)
{
	scene.rq.authorization = "Bearer worker";
	scene.rq.content_type = _i % 2 ? "text/plain" : "application/json";
	scene.rq.content_encoding = _i % 2 ? "gzip" : NULL;
	scene.rq.body = odd_bodies[_i];
	scene.rq.body_length = strlen(odd_bodies[_i]);
	for (size_t i = 0; i < COUNT_OF(no_body_needed); i++) {
		scene_send(no_body_needed[i].method, no_body_needed[i].uri);
		expect_status(200);
	}
}
END_TEST

static const struct {
	const char *codings;
	bool plain;
} encodings[] = {
	{ NULL, true },
	{ "", true },
	{ "identity", true },
	{ "Identity", true },
	{ " identity , identity", true },
	{ ",identity,", true },
	{ "gzip", false },
	{ "identity, gzip", false },
	{ "x-gzip", false },
	{ "deflate", false },
	{ "br", false },
	{ "identity;q=1", false },
};

PROMISE("1 Requests", "A `Content-Encoding` other than identity is 415")
START_TEST(a_body_is_plain_when_no_coding_changes_it)
{
	ck_assert(media_is_plain(encodings[_i].codings) == encodings[_i].plain);
}
END_TEST

PROMISE("1 Requests", "A `Content-Encoding` other than identity is 415")
START_TEST(an_encoded_body_is_refused_as_such)
{
	scene.rq.content_encoding = "gzip";
	scene_put("\x1f\x8b\x08");
	expect_status(415);
	expect_code("unsupported_media_type");
	expect_in_body("Content-Encoding");
	ck_assert_ptr_nonnull(strstr(scene.rq.headers.bytes, "Accept-Encoding: identity\r\n"));
	expect_reached("auth ");
}
END_TEST

START_TEST(nothing_is_as_good_as_it_is_encoded)
{
	scene.rq.content_encoding = "gzip";
	scene_put("");
	expect_status(400);
	expect_in_body("name is required.");
}
END_TEST

static void edit(const char *id, const char *body)
{
	scene.rq.authorization = "Bearer worker";
	scene.rq.content_type = "application/json";
	scene.rq.body = body;
	scene.rq.body_length = strlen(body);
	scene_send("PUT", arena_printf(scene.rq.arena, "/api/edits/%s", id));
}

PROMISE("1 Validation", "A value sent back as it is stored is no change and is not judged")
START_TEST(a_value_sent_back_as_it_is_shown_is_not_judged)
{
	edit(SCENE_ID, "{\"name\":\"longer than names are\"}");
	expect_status(200);
	expect_reached("auth shown handle ");
}
END_TEST

START_TEST(another_value_is_judged_beside_what_is_shown)
{
	edit(SCENE_ID, "{\"name\":\"longer than names were\"}");
	expect_status(400);
	expect_code("invalid_input");
	expect_reached("auth shown ");
}
END_TEST

START_TEST(nothing_is_shown_where_nothing_can_be_compared)
{
	edit("zzz", "{\"name\":\"longer than names are\"}");
	expect_status(400);
	expect_in_body("{\"field\":\"id\"");
	expect_in_body("{\"field\":\"name\"");
	expect_reached("auth ");
}
END_TEST

START_TEST(nothing_is_shown_where_nothing_was_sent)
{
	edit(SCENE_ID, "");
	expect_status(200);
	expect_reached("auth handle ");
}
END_TEST

START_TEST(a_record_that_cannot_be_read_is_no_fault_of_the_body)
{
	scene.shown_result = ERR_UNAVAILABLE;
	edit(SCENE_ID, "{\"name\":\"longer than names are\"}");
	expect_status(503);
	expect_reached("auth shown ");
}
END_TEST

START_TEST(one_bad_field_gives_the_answer_its_code)
{
	scene_put("{\"name\":\"x\",\"size\":1.5}");
	expect_status(400);
	ck_assert_str_eq(scene.rq.out.bytes,
			 "{\"error\":\"size must be a whole number of coins.\","
			 "\"message\":\"size must be a whole number of coins.\","
			 "\"code\":\"whole_coins_required\",\"requestId\":\"req-1\","
			 "\"errors\":[{\"field\":\"size\",\"code\":\"whole_coins_required\","
			 "\"message\":\"size must be a whole number of coins.\"}]}");
}
END_TEST

START_TEST(several_bad_fields_share_a_code_and_are_all_told)
{
	scene_put("{\"size\":1.5}");
	expect_status(400);
	expect_code("invalid_input");
	expect_in_body("\"error\":\"name is required. size must be a whole number of coins.\"");
	expect_in_body("{\"field\":\"name\",\"code\":\"invalid_input\"");
	expect_in_body("{\"field\":\"size\",\"code\":\"whole_coins_required\"");
}
END_TEST

START_TEST(a_malformed_id_is_told_by_its_name)
{
	scene.rq.authorization = "Bearer worker";
	scene_send("PUT", "/api/pairs/xyz/" SCENE_ID);
	expect_status(400);
	expect_code("invalid_id");
	expect_in_body("\"errors\":[{\"field\":\"a\",\"code\":\"invalid_id\"");
	expect_reached("auth ");
}
END_TEST

START_TEST(faults_of_path_query_body_and_key_are_told_at_once)
{
	scene.rq.authorization = "Bearer worker";
	scene.rq.content_type = "application/json";
	scene.rq.body = "{bad";
	scene.rq.body_length = 4;
	scene.rq.idempotency_key = "";
	scene_send("PUT", "/api/things/xyz?page=0");
	expect_status(400);
	expect_code("invalid_input");
	expect_in_body("{\"field\":\"id\",\"code\":\"invalid_id\"");
	expect_in_body("{\"field\":\"page\",\"code\":\"invalid_input\"");
	expect_in_body("{\"field\":\"body\",\"code\":\"invalid_json\"");
	expect_in_body("{\"field\":\"Idempotency-Key\",\"code\":\"invalid_input\"");
	expect_reached("auth ");
}
END_TEST

START_TEST(broken_json_alone_is_invalid_json)
{
	scene_put("{\"name\":\"x\",}");
	expect_status(400);
	expect_code("invalid_json");
	expect_in_body("The body is not strict JSON: a text in double quotes is expected");
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

static TCase *order(void)
{
	TCase *tcase = tcase_create("order");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_loop_test(tcase, of_two_reasons_to_refuse_the_earlier_one_is_told, 0,
			    DEFECTS * DEFECTS);
	tcase_add_test(tcase, a_good_request_takes_every_step);
	tcase_add_test(tcase, a_405_tells_what_is_allowed);
	tcase_add_loop_test(tcase, a_path_that_leads_nowhere_is_404, 0, COUNT(lost));
	tcase_add_test(tcase, a_trailing_slash_is_ignored);
	tcase_add_loop_test(tcase, only_rows_that_say_so_answer_while_closed, 0, 2);
	tcase_add_test(tcase, nobody_is_judged_by_a_clock_that_heard_nothing_yet);
	tcase_add_test(tcase, a_405_needs_no_clock);
	return tcase;
}

static TCase *callers(void)
{
	TCase *tcase = tcase_create("callers");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_loop_test(tcase, an_authorization_that_is_no_bearer_token_is_401, 0,
			    COUNT(no_bearer));
	tcase_add_loop_test(tcase, the_word_bearer_is_known_in_any_case, 0, COUNT(bearers));
	tcase_add_test(tcase, an_expired_token_says_so);
	tcase_add_test(tcase, a_public_call_never_looks_at_the_token);
	tcase_add_test(tcase, where_a_token_is_optional_a_good_one_tells_who);
	tcase_add_loop_test(tcase, where_a_token_is_optional_a_bad_one_is_as_none, 0,
			    COUNT(ignored));
	tcase_add_test(tcase, where_a_token_is_optional_an_outage_is_told);
	tcase_add_test(tcase, what_is_for_any_is_for_a_role_that_nobody_knows_too);
	tcase_add_loop_test(tcase, a_role_that_is_not_named_is_forbidden, 0, COUNT(other_roles));
	return tcase;
}

static TCase *inputs(void)
{
	TCase *tcase = tcase_create("inputs");

	tcase_add_checked_fixture(tcase, scene_setup, scene_teardown);
	tcase_add_loop_test(tcase, a_raw_body_of_any_type_is_the_handlers_to_judge, 0,
			    COUNT(raw_bodies));
	tcase_add_test(tcase, a_raw_body_has_the_limit_of_all);
	tcase_add_loop_test(tcase, json_is_told_from_other_media_types, 0, COUNT(media));
	tcase_add_loop_test(tcase, an_empty_body_may_have_any_type, 0, COUNT(any_type));
	tcase_add_loop_test(tcase, a_body_where_none_is_needed_is_not_looked_at, 0,
			    COUNT(odd_bodies));
	tcase_add_loop_test(tcase, a_body_is_plain_when_no_coding_changes_it, 0, COUNT(encodings));
	tcase_add_test(tcase, an_encoded_body_is_refused_as_such);
	tcase_add_test(tcase, nothing_is_as_good_as_it_is_encoded);
	tcase_add_test(tcase, a_value_sent_back_as_it_is_shown_is_not_judged);
	tcase_add_test(tcase, another_value_is_judged_beside_what_is_shown);
	tcase_add_test(tcase, nothing_is_shown_where_nothing_can_be_compared);
	tcase_add_test(tcase, nothing_is_shown_where_nothing_was_sent);
	tcase_add_test(tcase, a_record_that_cannot_be_read_is_no_fault_of_the_body);
	tcase_add_test(tcase, one_bad_field_gives_the_answer_its_code);
	tcase_add_test(tcase, several_bad_fields_share_a_code_and_are_all_told);
	tcase_add_test(tcase, a_malformed_id_is_told_by_its_name);
	tcase_add_test(tcase, faults_of_path_query_body_and_key_are_told_at_once);
	tcase_add_test(tcase, broken_json_alone_is_invalid_json);
	return tcase;
}

Suite *suite_pipeline(void)
{
	Suite *suite = suite_create("pipeline");

	suite_add_tcase(suite, order());
	suite_add_tcase(suite, callers());
	suite_add_tcase(suite, inputs());
	return suite;
}
