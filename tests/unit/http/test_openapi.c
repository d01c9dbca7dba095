/* The document is read back and looked into by path. */
#include "http/openapi.h"
#include "suites.h"
#include "json/json_in.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static enum err handler(struct request *rq)
{
	(void)rq;
	return OK;
}

struct input {
	const char *title, *kind, *email, *url, *password, *card;
	struct number pay, price, page, limit, due;
	struct id_given user;
	struct id_list ids;
	bool fast;
	struct object_list parts;
};

static const struct field part_rows[] = { { .name = "word", .type = FIELD_TEXT } };

static const struct schema part = {
	.name = "Part", .size = sizeof(const char *), .fields = part_rows, .count = 1
};

static const char *const kinds[] = { "big", "small", NULL };

#define AT(member) .name = #member, .offset = offsetof(struct input, member)

static const struct field input_rows[] = {
	{ AT(title), .type = FIELD_TEXT, .flags = FIELD_REQUIRED, .min = 1, .max = 200,
	  .help = "What it is called", .example = "\"Try\"" },
	{ AT(kind), .type = FIELD_CHOICE, .choices = kinds },
	{ AT(email), .type = FIELD_EMAIL, .max = 254 },
	{ AT(url), .type = FIELD_URL, .max = 2048 },
	{ AT(password), .type = FIELD_PASSWORD, .min = 6, .max = 72 },
	{ AT(pay), .type = FIELD_COINS, .min = 1, .max = 50, .below = ERR_BELOW_MINIMUM },
	{ AT(price), .type = FIELD_MONEY, .min = 1, .max = 1050 },
	{ AT(due), .type = FIELD_DATE },
	{ AT(ids), .type = FIELD_IDS, .min = 1, .max = 9 },
	{ AT(card), .type = FIELD_TEXT, .flags = FIELD_DIGITS, .max = 9 },
	{ AT(fast), .type = FIELD_BOOL },
	{ AT(parts), .type = FIELD_OBJECTS, .max = 4, .of = &part },
};

static const struct schema input = {
	.name = "ThingInput", .size = sizeof(struct input), .fields = input_rows, .count = 12
};

static const struct field page_rows[] = {
	{ AT(page), .type = FIELD_WHOLE, .min = 1, .max = INT64_MAX },
	{ AT(limit), .type = FIELD_WHOLE, .flags = FIELD_CLAMP, .min = 1, .max = 100 },
};

static const struct schema paging = {
	.name = "Paging", .size = sizeof(struct input), .fields = page_rows, .count = 2
};

static const struct field filter_rows[] = { { AT(user), .type = FIELD_ID } };

static const struct schema filter = { .name = "Filter",
				      .base = &paging,
				      .size = sizeof(struct input),
				      .fields = filter_rows,
				      .count = 1 };

static const struct view_row owner_rows[] = { MEMBER("name", TEXT) };
static const struct view owner_view = { .name = "Owner", .rows = owner_rows, .count = 1 };

static const struct view_row thing_rows[] = {
	MEMBER("_id", ID),
	MEMBER("pay", WHOLE, .flags = VIEW_ALWAYS, .example = "5"),
	MEMBER("price", MONEY, .flags = VIEW_OPTIONAL),
	MEMBER("size", TEXT, .known = KNOWN("big", "small"), .help = "As measured"),
	MEMBER("email", TEXT, .flags = VIEW_PRIVATE, .help = "Of its owner"),
	MEMBER("owner", OBJECT, .of = &owner_view),
	MEMBER("words", LIST),
	MEMBER("title", TEXT, .flags = VIEW_OPTIONAL),
	MEMBER("at", DATE, .flags = VIEW_OPTIONAL),
	MEMBER("proof", TEXT, .flags = VIEW_OR_NULL),
	MEMBER("place", OBJECT, .flags = VIEW_OPTIONAL | VIEW_OR_ID, .of = &owner_view),
};
static const struct view thing_view = VIEW_OF("Thing", thing_rows);

static const struct view_row list_rows[] = {
	MEMBER("things", LIST, .of = &thing_view),
};
static const struct view list_view = VIEW_OF("ThingPage", list_rows);
static const struct view plain_view = { .name = "Plain", .rows = owner_rows, .count = 1 };

static const char *signatures(size_t index, const char **help)
{
	static const char *const headers[] = { "Bank-Signature", "Other-Bank-Signature" };

	*help = "By whom it is signed";
	return index < 2 ? headers[index] : NULL;
}

static const struct route table[] = {
	{ .method = GET,
	  .path = "/things",
	  .access = ACCESS_OPTIONAL,
	  .query = &filter,
	  .flags = LISTS,
	  .handler = handler,
	  .view = &list_view,
	  .summary = "All things" },
	{ .method = POST,
	  .path = "/things",
	  .access = ACCESS_BUYER | ACCESS_ADMIN,
	  .body = &input,
	  .flags = IDEMPOTENT,
	  .handler = handler,
	  .status = 201,
	  .view = &thing_view,
	  .summary = "Make one" },
	{ .method = GET,
	  .path = "/plain-things",
	  .access = ACCESS_PUBLIC,
	  .flags = ARRAY,
	  .handler = handler,
	  .view = &plain_view },
	{ .method = GET,
	  .path = "/things/few",
	  .access = ACCESS_PUBLIC,
	  .flags = ARRAY,
	  .handler = handler,
	  .view = &thing_view },
	{ .method = POST,
	  .path = "/raw",
	  .access = ACCESS_PUBLIC,
	  .flags = RAW_BODY,
	  .signatures = signatures,
	  .handler = handler,
	  .errors = ERRORS(ERR_BAD_SIGNATURE) },
	{ .method = GET,
	  .path = "/things/new",
	  .access = ACCESS_ANY,
	  .flags = STREAMS,
	  .handler = handler,
	  .view = &thing_view },
	{ .method = POST, .path = "/tasks/new", .access = ACCESS_PUBLIC, .handler = handler },
	{ .method = PUT,
	  .path = "/things/:id/parts/:partId",
	  .access = ACCESS_ANY,
	  .handler = handler,
	  .view = &thing_view,
	  .about = "Its owner only.",
	  .errors = ERRORS(ERR_PRECONDITION_FAILED, ERR_NOT_OWNER) },
};

static struct arena *arena;
static struct buffer out;
static struct json_object *document;

static void setup(void)
{
	const char *problem;

	arena = arena_new();
	memset(&out, 0, sizeof(out));
	openapi_write(&out, table, COUNT_OF(table), &(struct openapi_about){ .version = "1.2.3" });
	document = json_in(arena, out.bytes, out.length, &problem);
	ck_assert_msg(document != NULL, "%s", problem);
}

static void teardown(void)
{
	arena_free(arena);
	buffer_free(&out);
}

/* What stands at "a|b|0|c", as compact JSON; "absent" when nothing does. */
static const char *at(const char *path)
{
	struct json_object *value = document;

	for (char *step, *rest = arena_text(arena, path); value && (step = strsep(&rest, "|"));) {
		if (json_object_is_type(value, json_type_array))
			value = json_object_array_get_idx(value, (size_t)strtoul(step, NULL, 10));
		else
			value = json_object_object_get(value, step);
	}
	if (!value)
		return "absent";
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							     JSON_C_TO_STRING_NOSLASHESCAPE);
}

#define ID "{\"type\":\"string\",\"pattern\":\"^[0-9a-fA-F]{24}$\"}"

#define expect(path, json) ck_assert_str_eq(at(path), json)

START_TEST(the_head_names_version_and_base_path)
{
	expect("openapi", "\"3.1.0\"");
	expect("info|version", "\"1.2.3\"");
	expect("servers|0|url", "\"/api\"");
	expect("components|securitySchemes|bearer|scheme", "\"bearer\"");
}
END_TEST

START_TEST(the_address_is_absolute_where_it_is_known)
{
	struct openapi_about known = { "1.2.3", "https://api.example.com/api" };
	const char *problem;

	buffer_reset(&out);
	openapi_write(&out, table, COUNT_OF(table), &known);
	document = json_in(arena, out.bytes, out.length, &problem);
	expect("servers", "[{\"url\":\"https://api.example.com/api\"}]");
}
END_TEST

START_TEST(calls_stand_under_their_path_with_names_of_their_own)
{
	expect("paths|/things|get|operationId", "\"getThings\"");
	expect("paths|/things|post|operationId", "\"postThings\"");
	expect("paths|/plain-things|get|operationId", "\"getPlainThings\"");
	expect("paths|/things/{id}/parts/{partId}|put|operationId",
	       "\"putThingsByIdPartsByPartId\"");
	expect("paths|/things|get|tags", "[\"things\"]");
	expect("tags|2", "{\"name\":\"tasks\",\"description\":\"What buyers want done\"}");
	expect("paths|/things|get|summary", "\"All things\"");
}
END_TEST

START_TEST(who_may_call_is_told)
{
	expect("paths|/things|post|description",
	       "\"Who may call: buyer or admin.\\n\\nRefused with: 400 `invalid_input`, `invalid_json`, "
	       "`invalid_id`, `whole_coins_required`, `below_minimum`, 401 `unauthorized`, "
	       "`token_expired`, 403 `forbidden`, 409 `conflict`, `in_progress`, 413 `body_too_large`, 415 "
	       "`unsupported_media_type`, 422 `key_reused`, 429 `too_many_requests`, 500 `internal`, "
	       "503 `unavailable`.\"");
	expect("paths|/things|post|security", "[{\"bearer\":[]}]");
	ck_assert_ptr_nonnull(strstr(at("paths|/things/{id}/parts/{partId}|put|description"),
				     "Who may call: anyone logged in.\\n\\nIts owner only.\\n\\n"));
	expect("paths|/things|get|security", "[{},{\"bearer\":[]}]");
	expect("paths|/plain-things|get|security", "[]");
}
END_TEST

START_TEST(a_stream_is_no_json_and_takes_a_ticket_for_a_token)
{
	expect("paths|/things/new|get|responses|200|content",
	       "{\"text/event-stream\":{\"schema\":{\"type\":\"string\",\"description\":"
	       "\"Server-sent events; the data of each is a Thing as JSON\"}}}");
	expect("paths|/things/new|get|responses|304", "absent");
	expect("paths|/things/new|get|security", "[{},{\"bearer\":[]}]");
}
END_TEST

START_TEST(parameters_come_from_path_query_and_flags)
{
	expect("paths|/things/{id}/parts/{partId}|put|parameters|1",
	       "{\"name\":\"partId\",\"in\":\"path\",\"required\":true,"
	       "\"description\":\"The record's id: 24 hexadecimal digits\",\"schema\":" ID "}");
	expect("paths|/things/{id}/parts/{partId}|put|parameters|2|$ref",
	       "\"#/components/parameters/IfMatch\"");
	expect("paths|/things|get|parameters|0|schema",
	       "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1}");
	expect("paths|/things|get|parameters|1|schema",
	       "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1}");
	expect("paths|/things|get|parameters|2|name", "\"user\"");
	expect("paths|/things|post|parameters|0|$ref",
	       "\"#/components/parameters/IdempotencyKey\"");
}
END_TEST

START_TEST(inputs_tell_types_and_limits)
{
	expect("paths|/things|post|requestBody",
	       "{\"required\":true,\"content\":{\"application/json\":{\"schema\":"
	       "{\"$ref\":\"#/components/schemas/ThingInput\"},"
	       "\"example\":{\"title\":\"Try\"}}}}");
	expect("components|schemas|ThingInput|required", "[\"title\"]");
	expect("components|schemas|ThingInput|properties|title",
	       "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,"
	       "\"description\":\"What it is called\",\"examples\":[\"Try\"]}");
	expect("components|schemas|ThingInput|properties|kind|enum", "[\"big\",\"small\"]");
	expect("components|schemas|ThingInput|properties|card",
	       "{\"type\":\"string\",\"maxLength\":9}");
	expect("components|schemas|ThingInput|properties|pay",
	       "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":1,\"maximum\":50}");
	expect("components|schemas|ThingInput|properties|price",
	       "{\"type\":\"number\",\"format\":\"double\",\"minimum\":0.01,\"maximum\":10.5,"
	       "\"description\":\"At most two decimals\"}");
	expect("components|schemas|ThingInput|properties|due",
	       "{\"type\":\"string\",\"description\":\"An ISO 8601 date or an RFC 3339 date-time; "
	       "without a zone it is UTC\"}");
	expect("components|schemas|ThingInput|properties|url",
	       "{\"type\":\"string\",\"maxLength\":2048,\"description\":\"Empty, or an address that "
	       "begins with http:// or https://\"}");
	expect("components|schemas|ThingInput|properties|ids",
	       "{\"type\":\"array\",\"items\":" ID ","
	       "\"minItems\":1,\"maxItems\":9}");
	expect("components|schemas|ThingInput|properties|fast", "{\"type\":\"boolean\"}");
	expect("components|schemas|ThingInput|properties|parts",
	       "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Part\"},"
	       "\"maxItems\":4}");
	expect("components|schemas|Part",
	       "{\"type\":\"object\",\"properties\":{\"word\":{\"type\":\"string\"}}}");
	expect("paths|/things/{id}/parts/{partId}|put|requestBody", "absent");
}
END_TEST

START_TEST(a_raw_body_is_any_object_and_signed)
{
	expect("paths|/raw|post|requestBody|content|application/json|schema",
	       "{\"type\":\"object\",\"additionalProperties\":true}");
	expect("paths|/raw|post|parameters|0|$ref", "\"#/components/parameters/BankSignature\"");
	expect("paths|/raw|post|parameters|1|$ref",
	       "\"#/components/parameters/OtherBankSignature\"");
	expect("components|parameters|BankSignature",
	       "{\"name\":\"Bank-Signature\",\"in\":\"header\",\"required\":false,"
	       "\"description\":\"By whom it is signed\",\"schema\":{\"type\":\"string\"}}");
	expect("components|parameters|OtherBankSignature|name", "\"Other-Bank-Signature\"");
	expect("paths|/raw|post|x-error-codes|400", "[\"bad_signature\"]");
	expect("paths|/raw|post|x-error-codes|413", "[\"body_too_large\"]");
	expect("paths|/raw|post|x-error-codes|415", "absent");
}
END_TEST

START_TEST(views_tell_what_is_always_there)
{
	expect("components|schemas|Thing|required",
	       "[\"_id\",\"pay\",\"size\",\"owner\",\"words\",\"proof\"]");
	expect("components|schemas|Thing|properties|pay",
	       "{\"type\":\"integer\",\"format\":\"int64\",\"examples\":[5]}");
	expect("components|schemas|Thing|properties|email|description",
	       "\"Of its owner. Seen by the owner and by admins only.\"");
	expect("components|schemas|Thing|properties|price",
	       "{\"type\":\"number\",\"format\":\"double\"}");
	expect("components|schemas|Thing|properties|owner",
	       "{\"$ref\":\"#/components/schemas/Owner\"}");
	expect("components|schemas|Thing|properties|words|items", "{\"type\":\"string\"}");
	expect("components|schemas|Thing|properties|place",
	       "{\"$ref\":\"#/components/schemas/OwnerOrId\"}");
	expect("components|schemas|OwnerOrId|oneOf",
	       "[{\"$ref\":\"#/components/schemas/Owner\"}," ID "]");
	expect("components|schemas|Thing|properties|proof|type", "[\"string\",\"null\"]");
	/* an answer's example is its input's */
	expect("components|schemas|Thing|properties|title|examples", "[\"Try\"]");
	expect("components|schemas|Thing|properties|at",
	       "{\"type\":\"string\",\"format\":\"date-time\","
	       "\"examples\":[\"2026-01-31T09:00:00.000Z\"]}");
	expect("components|schemas|Owner|properties|name|type", "\"string\"");
}
END_TEST

START_TEST(what_may_grow_is_left_open)
{
	expect("components|schemas|Thing|properties|size",
	       "{\"type\":\"string\",\"x-extensible-enum\":[\"big\",\"small\"],"
	       "\"description\":\"As measured. Today one of: big, small\"}");
	expect("components|schemas|Thing|additionalProperties", "true");
	expect("components|schemas|ThingPage|additionalProperties", "true");
	expect("components|schemas|ApiError|additionalProperties", "true");
	expect("components|schemas|FieldError|additionalProperties", "true");
}
END_TEST

START_TEST(lists_add_the_members_of_a_page)
{
	expect("paths|/things|get|responses|200|content|application/json|schema|$ref",
	       "\"#/components/schemas/ThingPage\"");
	expect("components|schemas|ThingPage|required",
	       "[\"things\",\"total\",\"pages\",\"currentPage\",\"next\"]");
	expect("components|schemas|ThingPage|properties|next|type", "[\"string\",\"null\"]");
	expect("components|schemas|ThingPage|properties|totalApprox|type", "\"boolean\"");
	expect("components|schemas|Plain|properties|next", "absent");
	expect("paths|/plain-things|get|responses|200|content|application/json|schema",
	       "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Plain\"}}");
	expect("paths|/things/few|get|responses|200|content|application/json|schema",
	       "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Thing\"}}");
	expect("paths|/things|post|responses|201|content|application/json|schema|$ref",
	       "\"#/components/schemas/Thing\"");
}
END_TEST

START_TEST(refusals_have_one_answer_and_their_codes_stand_by_status)
{
	expect("paths|/things|post|responses|4XX",
	       "{\"$ref\":\"#/components/responses/ApiError\"}");
	expect("paths|/things|post|responses|5XX",
	       "{\"$ref\":\"#/components/responses/ApiError\"}");
	expect("paths|/things|post|responses|400", "absent");
	expect("paths|/things|post|x-error-codes",
	       "{\"400\":[\"invalid_input\",\"invalid_json\",\"invalid_id\","
	       "\"whole_coins_required\",\"below_minimum\"],"
	       "\"401\":[\"unauthorized\",\"token_expired\"],\"403\":[\"forbidden\"],"
	       "\"409\":[\"conflict\",\"in_progress\"],\"413\":[\"body_too_large\"],"
	       "\"415\":[\"unsupported_media_type\"],\"422\":[\"key_reused\"],"
	       "\"429\":[\"too_many_requests\"],\"500\":[\"internal\"],"
	       "\"502\":[\"unavailable\"],\"503\":[\"unavailable\"],\"504\":[\"unavailable\"]}");
	expect("paths|/plain-things|get|x-error-codes|400", "absent");
	expect("paths|/plain-things|get|x-error-codes|401", "absent");
	expect("paths|/plain-things|get|responses|304|description",
	       "\"Unchanged since the ETag of If-None-Match\"");
	expect("paths|/things/{id}/parts/{partId}|put|x-error-codes|403", "[\"not_owner\"]");
	expect("paths|/things/{id}/parts/{partId}|put|x-error-codes|412",
	       "[\"precondition_failed\"]");
}
END_TEST

START_TEST(the_web_server_in_front_speaks_for_a_worker_that_does_not)
{
	expect("paths|/plain-things|get|x-error-codes|502", "[\"unavailable\"]");
	expect("paths|/plain-things|get|x-error-codes|504", "[\"unavailable\"]");
}
END_TEST

START_TEST(a_refusal_has_a_shape_and_an_example)
{
	expect("components|schemas|ApiError|required",
	       "[\"error\",\"message\",\"code\",\"requestId\"]");
	expect("components|schemas|ApiError|properties|errors|items",
	       "{\"$ref\":\"#/components/schemas/FieldError\"}");
	expect("components|responses|ApiError|content|application/json|schema",
	       "{\"$ref\":\"#/components/schemas/ApiError\"}");
	expect("components|responses|ApiError|content|application/json|example|code",
	       arena_printf(arena, "\"%s\"", err_row(ERR_NOT_FOUND)->code));
	expect("components|responses|ApiError|content|application/json|example|error",
	       arena_printf(arena, "\"%s\"", err_row(ERR_NOT_FOUND)->sentence));
	expect("components|responses|ApiError|headers|Retry-After|$ref",
	       "\"#/components/headers/RetryAfter\"");
}
END_TEST

START_TEST(every_code_is_listed_once)
{
	const char *list = at("components|schemas|ApiError|properties|code|x-extensible-enum");

	for (enum err e = OK + 1; e < ERR_COUNT; e++) {
		const char *quoted = arena_printf(arena, "\"%s\"", err_row(e)->code);
		const char *found = strstr(list, quoted);

		ck_assert_ptr_nonnull(found);
		ck_assert_ptr_null(strstr(found + 1, quoted));
	}
}
END_TEST

START_TEST(the_document_is_the_same_each_time)
{
	struct buffer again = { 0 };

	openapi_write(&again, table, COUNT_OF(table),
		      &(struct openapi_about){ .version = "1.2.3" });
	ck_assert_uint_eq(again.length, out.length);
	ck_assert_mem_eq(again.bytes, out.bytes, out.length);
	buffer_free(&again);
}
END_TEST

Suite *suite_openapi(void)
{
	Suite *suite = suite_create("openapi");
	TCase *tcase = tcase_create("document");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_head_names_version_and_base_path);
	tcase_add_test(tcase, the_address_is_absolute_where_it_is_known);
	tcase_add_test(tcase, calls_stand_under_their_path_with_names_of_their_own);
	tcase_add_test(tcase, who_may_call_is_told);
	tcase_add_test(tcase, a_stream_is_no_json_and_takes_a_ticket_for_a_token);
	tcase_add_test(tcase, parameters_come_from_path_query_and_flags);
	tcase_add_test(tcase, inputs_tell_types_and_limits);
	tcase_add_test(tcase, a_raw_body_is_any_object_and_signed);
	tcase_add_test(tcase, views_tell_what_is_always_there);
	tcase_add_test(tcase, lists_add_the_members_of_a_page);
	tcase_add_test(tcase, what_may_grow_is_left_open);
	tcase_add_test(tcase, refusals_have_one_answer_and_their_codes_stand_by_status);
	tcase_add_test(tcase, the_web_server_in_front_speaks_for_a_worker_that_does_not);
	tcase_add_test(tcase, a_refusal_has_a_shape_and_an_example);
	tcase_add_test(tcase, every_code_is_listed_once);
	tcase_add_test(tcase, the_document_is_the_same_each_time);
	suite_add_tcase(suite, tcase);
	return suite;
}
