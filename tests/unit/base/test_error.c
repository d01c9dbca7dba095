#include "base/error.h"
#include "suites.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Told apart from the table on purpose: these are the contract's. */
static const struct {
	enum err err;
	int status;
	const char *code;
} contract[] = {
	{ ERR_INVALID_INPUT, 400, "invalid_input" },
	{ ERR_INVALID_JSON, 400, "invalid_json" },
	{ ERR_INVALID_ID, 400, "invalid_id" },
	{ ERR_WHOLE_COINS, 400, "whole_coins_required" },
	{ ERR_EMAIL_TAKEN, 400, "email_taken" },
	{ ERR_WRONG_PASSWORD, 400, "wrong_password" },
	{ ERR_NO_PASSWORD, 400, "no_password" },
	{ ERR_INSUFFICIENT_COINS, 400, "insufficient_coins" },
	{ ERR_BELOW_MINIMUM, 400, "below_minimum" },
	{ ERR_NO_OPEN_SLOT, 400, "no_open_slot" },
	{ ERR_DEADLINE_PASSED, 400, "deadline_passed" },
	{ ERR_ALREADY_SUBMITTED, 400, "already_submitted" },
	{ ERR_ALREADY_PROCESSED, 400, "already_processed" },
	{ ERR_NOT_A_PACKAGE, 400, "not_a_package" },
	{ ERR_UNAUTHORIZED, 401, "unauthorized" },
	{ ERR_BAD_LOGIN, 401, "unauthorized" },
	{ ERR_TOKEN_EXPIRED, 401, "token_expired" },
	{ ERR_BAD_SIGNATURE, 400, "bad_signature" },
	{ ERR_FORBIDDEN, 403, "forbidden" },
	{ ERR_NOT_OWNER, 403, "not_owner" },
	{ ERR_NOT_FOUND, 404, "not_found" },
	{ ERR_METHOD_NOT_ALLOWED, 405, "method_not_allowed" },
	{ ERR_CONFLICT, 409, "conflict" },
	{ ERR_COINS_OWED, 409, "coins_owed" },
	{ ERR_NOT_ADOPTED, 409, "conflict" },
	{ ERR_IN_PROGRESS, 409, "in_progress" },
	{ ERR_PRECONDITION_FAILED, 412, "precondition_failed" },
	{ ERR_BODY_TOO_LARGE, 413, "body_too_large" },
	{ ERR_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type" },
	{ ERR_KEY_REUSED, 422, "key_reused" },
	{ ERR_TOO_MANY_REQUESTS, 429, "too_many_requests" },
	{ ERR_PAYMENT_REQUIRED, 402, "payment_required" },
	{ ERR_NOT_CONFIGURED, 501, "not_configured" },
	{ ERR_INTERNAL, 500, "internal" },
	{ ERR_UNAVAILABLE, 503, "unavailable" },
	{ ERR_BUSY, 503, "unavailable" },
};

PROMISE("1 Errors", "Each code has its status, and there are no other codes")
START_TEST(each_error_has_the_status_and_code_of_the_contract)
{
	const struct err_row *row = err_row(contract[_i].err);

	ck_assert_int_eq(row->status, contract[_i].status);
	ck_assert_str_eq(row->code, contract[_i].code);
}
END_TEST

PROMISE("1 Errors", "Each code has its status, and there are no other codes")
START_TEST(the_table_has_no_hole_and_each_row_a_sentence)
{
	/* All but OK are told above. */
	ck_assert_uint_eq(sizeof(contract) / sizeof(contract[0]), ERR_COUNT - 1);
	for (int e = OK; e < ERR_COUNT; e++) {
		const struct err_row *row = err_row((enum err)e);
		ck_assert_msg(row->code && row->sentence && row->status, "error %d has no row", e);
		ck_assert(isupper((unsigned char)row->sentence[0]));
		ck_assert_int_eq(row->sentence[strlen(row->sentence) - 1], '.');
	}
}
END_TEST

START_TEST(a_value_outside_the_enum_is_an_internal_error)
{
	ck_assert_ptr_eq(err_row(ERR_COUNT), err_row(ERR_INTERNAL));
	ck_assert_ptr_eq(err_row((enum err) - 1), err_row(ERR_INTERNAL));
	ck_assert_ptr_eq(err_row((enum err)10000), err_row(ERR_INTERNAL));
}
END_TEST

START_TEST(numbers_are_added_in_order)
{
	struct err_detail detail = { 0 };

	err_number(&detail, "required", 100);
	err_number(&detail, "available", -1);
	ck_assert_uint_eq(detail.number_count, 2);
	ck_assert_str_eq(detail.numbers[0].name, "required");
	ck_assert_int_eq(detail.numbers[0].value, 100);
	ck_assert_str_eq(detail.numbers[1].name, "available");
	ck_assert_int_eq(detail.numbers[1].value, -1);
}
END_TEST

/* In a child of its own, so that it also runs where Check does not fork. */
START_TEST(more_numbers_than_there_is_room_for_abort)
{
	struct err_detail detail = { 0 };
	int status;
	pid_t child = fork();

	if (child == 0) {
		for (int i = 0; i < 5; i++)
			err_number(&detail, "n", i);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

Suite *suite_error(void)
{
	Suite *suite = suite_create("error");
	TCase *table = tcase_create("table");
	TCase *detail = tcase_create("detail");

	tcase_add_loop_test(table, each_error_has_the_status_and_code_of_the_contract, 0,
			    sizeof(contract) / sizeof(contract[0]));
	tcase_add_test(table, the_table_has_no_hole_and_each_row_a_sentence);
	tcase_add_test(table, a_value_outside_the_enum_is_an_internal_error);
	tcase_add_test(detail, numbers_are_added_in_order);
	tcase_add_test(detail, more_numbers_than_there_is_room_for_abort);
	suite_add_tcase(suite, table);
	suite_add_tcase(suite, detail);
	return suite;
}
