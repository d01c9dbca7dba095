#include "base/error.h"

#include "base/count.h"

#include <assert.h>
#include <stdlib.h>

static const struct err_row rows[] = {
	[OK] = { 200, "ok", "Done." },
	[ERR_INVALID_INPUT] = { 400, "invalid_input", "Something in the input is not right." },
	[ERR_INVALID_JSON] = { 400, "invalid_json", "The body is not valid JSON." },
	[ERR_INVALID_ID] = { 400, "invalid_id", "An id has 24 hexadecimal digits." },
	[ERR_WHOLE_COINS] = { 400, "whole_coins_required", "Coins come in whole numbers only." },
	[ERR_EMAIL_TAKEN] = { 400, "email_taken", "An account with this e-mail exists already." },
	[ERR_WRONG_PASSWORD] = { 400, "wrong_password", "The current password is wrong." },
	[ERR_NO_PASSWORD] = { 400, "no_password", "This account signs in without a password." },
	[ERR_INSUFFICIENT_COINS] = { 400, "insufficient_coins", "There are not enough coins." },
	[ERR_BELOW_MINIMUM] = { 400, "below_minimum", "The amount is below the minimum." },
	[ERR_NO_OPEN_SLOT] = { 400, "no_open_slot", "The task has no open slot." },
	[ERR_DEADLINE_PASSED] = { 400, "deadline_passed", "The deadline of the task has passed." },
	[ERR_ALREADY_SUBMITTED] = { 400, "already_submitted",
				    "Work for this task was handed in before." },
	[ERR_ALREADY_PROCESSED] = { 400, "already_processed", "This was decided before." },
	[ERR_NOT_A_PACKAGE] = { 400, "not_a_package", "There is no such coin package." },
	[ERR_UNAUTHORIZED] = { 401, "unauthorized", "Please log in." },
	[ERR_BAD_LOGIN] = { 401, "unauthorized", "E-mail or password is wrong." },
	[ERR_TOKEN_EXPIRED] = { 401, "token_expired",
				"The session has expired; please log in again." },
	[ERR_BAD_SIGNATURE] = { 400, "bad_signature", "The signature does not fit." },
	[ERR_FORBIDDEN] = { 403, "forbidden", "Your role does not allow this." },
	[ERR_NOT_OWNER] = { 403, "not_owner", "This belongs to somebody else." },
	[ERR_NOT_FOUND] = { 404, "not_found", "There is nothing here." },
	[ERR_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed",
				     "This address does not take that method." },
	[ERR_CONFLICT] = { 409, "conflict", "This does not fit the present state." },
	[ERR_COINS_OWED] = { 409, "coins_owed",
			     "Coins are owed for a payment that went back; coins that come pay them first." },
	[ERR_NOT_ADOPTED] = { 409, "conflict",
			      "A record that this needs came from elsewhere and is not adopted yet: it moves no "
			      "coins until an operator runs microtaskctl init-db." },
	[ERR_IN_PROGRESS] = { 409, "in_progress", "The same request is still running." },
	[ERR_PRECONDITION_FAILED] = { 412, "precondition_failed",
				      "The record has changed since it was read." },
	[ERR_BODY_TOO_LARGE] = { 413, "body_too_large", "The body is larger than 1 MiB." },
	[ERR_UNSUPPORTED_MEDIA_TYPE] = { 415, "unsupported_media_type",
					 "The body must be application/json." },
	[ERR_KEY_REUSED] = { 422, "key_reused",
			     "This Idempotency-Key came with another body before." },
	[ERR_TOO_MANY_REQUESTS] = { 429, "too_many_requests",
				    "Too many requests; please wait a while." },
	[ERR_PAYMENT_REQUIRED] = { 402, "payment_required", "The payment needs a further step." },
	[ERR_NOT_CONFIGURED] = { 501, "not_configured", "This service does not offer that." },
	[ERR_INTERNAL] = { 500, "internal", "Something went wrong on our side." },
	[ERR_UNAVAILABLE] = { 503, "unavailable",
			      "The service is busy; please try again shortly." },
	[ERR_BUSY] = { 503, "unavailable",
		       "Others keep changing this at the moment; please try again shortly." },
};

/* Catches an error added at the end of the enum; test_error.c looks for a hole in the middle. */
static_assert(COUNT_OF(rows) == ERR_COUNT, "every error has its row");

const struct err_row *err_row(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return &rows[ERR_INTERNAL];
	return &rows[e];
}

void err_number(struct err_detail *detail, const char *name, int64_t value)
{
	if (detail->number_count == COUNT_OF(detail->numbers))
		abort();
	detail->numbers[detail->number_count].name = name;
	detail->numbers[detail->number_count].value = value;
	detail->number_count++;
}

void err_text(struct err_detail *detail, const char *name, const char *value)
{
	if (detail->text_count == COUNT_OF(detail->texts))
		abort();
	detail->texts[detail->text_count].name = name;
	detail->texts[detail->text_count].value = value;
	detail->text_count++;
}
