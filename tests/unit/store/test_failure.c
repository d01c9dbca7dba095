/* What an error of MongoDB means to a caller: 503, as it passes, or 500. */
#include "store/store_private.h"
#include "suites.h"

#include "base/count.h"
#include "store/doc.h"

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

static bson_error_t error_of(uint32_t domain, uint32_t code)
{
	return (bson_error_t){ .domain = domain, .code = code, .message = "as the server says" };
}

/* Stopping, electing, cut off, overrun; and what was under way and met that or another. */
static const uint32_t passing[] = {
	6,   7,	  24,  43,  50,	 64,  79,  89,	 91,	100,   112,   134,   175,   189,   202,
	225, 237, 246, 251, 262, 290, 365, 9001, 10107, 10058, 11600, 11601, 11602, 13435, 13436
};

static const uint32_t lasting[] = { 2, 13, 14, 20, 26, 59, 121, 11000 };

PROMISE("1 Errors",
	"503 at worst, never 500, while a set steps down, elects, stops or does not confirm")
START_TEST(what_a_server_that_changes_says_passes)
{
	bson_error_t error = error_of(MONGOC_ERROR_SERVER, passing[_i]);

	ck_assert_int_eq(store_failed(&error, "testing"), ERR_UNAVAILABLE);
	ck_assert_int_eq(store_refused(&(struct write_error){ .code = passing[_i] }, "testing"),
			 ERR_UNAVAILABLE);
}
END_TEST

START_TEST(what_a_server_refuses_is_ours)
{
	bson_error_t error = error_of(MONGOC_ERROR_SERVER, lasting[_i]);

	ck_assert_int_eq(store_failed(&error, "testing"), ERR_INTERNAL);
	ck_assert_int_eq(store_refused(&(struct write_error){ .code = lasting[_i] }, "testing"),
			 ERR_INTERNAL);
}
END_TEST

PROMISE("1 Errors",
	"503 at worst, never 500, while a set steps down, elects, stops or does not confirm")
START_TEST(a_write_that_was_not_confirmed_passes_whatever_the_reason)
{
	static const uint32_t codes[] = { 64, 91, 100, 189, 11602, 13436, 12345 };

	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		bson_error_t error = error_of(MONGOC_ERROR_WRITE_CONCERN, codes[i]);

		ck_assert_int_eq(store_failed(&error, "testing"), ERR_UNAVAILABLE);
	}
}
END_TEST

START_TEST(a_server_out_of_reach_passes)
{
	static const uint32_t domains[] = { MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_STREAM,
					    MONGOC_ERROR_CLIENT };

	for (size_t i = 0; i < COUNT_OF(domains); i++) {
		bson_error_t error = error_of(domains[i], 1);

		ck_assert_int_eq(store_failed(&error, "testing"), ERR_UNAVAILABLE);
	}
}
END_TEST

START_TEST(labels_tell_of_codes_that_are_not_known_yet)
{
	static const char *const labels[] = { "RetryableWriteError", "TransientTransactionError",
					      "UnknownTransactionCommitResult" };
	bson_error_t error = error_of(MONGOC_ERROR_SERVER, 99999);

	ck_assert_int_eq(store_failed_reply(DOC(arena, INT("ok", 0)), &error, "testing"),
			 ERR_INTERNAL);
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		const bson_t *reply = DOC(arena, LIST("errorLabels", BCON_UTF8(labels[i])));

		ck_assert_int_eq(store_failed_reply(reply, &error, "testing"), ERR_UNAVAILABLE);
	}
}
END_TEST

START_TEST(a_reply_tells_the_first_of_its_write_errors)
{
	struct write_error error;
	const bson_t *reply = DOC(arena, INT("n", 1),
				  LIST("writeErrors", ITEM(INT("index", 3), INT("code", 11000),
							   TEXT("errmsg", "taken"))));

	ck_assert(store_write_error(reply, &error));
	ck_assert_uint_eq(error.code, 11000);
	ck_assert_uint_eq(error.index, 3);
	ck_assert_str_eq(error.message, "taken");
	ck_assert(!store_write_error(DOC(arena, INT("n", 1)), &error));
	ck_assert(!store_write_error(DOC(arena, EMPTY_LIST("writeErrors")), &error));
	ck_assert(!store_write_error(NULL, &error));
}
END_TEST

Suite *suite_failure(void)
{
	Suite *suite = suite_create("failure");
	TCase *tests = tcase_create("failure");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, what_a_server_that_changes_says_passes, 0, COUNT_OF(passing));
	tcase_add_loop_test(tests, what_a_server_refuses_is_ours, 0, COUNT_OF(lasting));
	tcase_add_test(tests, a_write_that_was_not_confirmed_passes_whatever_the_reason);
	tcase_add_test(tests, a_server_out_of_reach_passes);
	tcase_add_test(tests, labels_tell_of_codes_that_are_not_known_yet);
	tcase_add_test(tests, a_reply_tells_the_first_of_its_write_errors);
	suite_add_tcase(suite, tests);
	return suite;
}
