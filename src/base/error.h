/*
 * What can go wrong, told to callers: one enum, one table row each.
 *
 * The codes are stable and part of the contract (docs/openapi.json lists them); the sentences
 * are ours to word and safe to show. Internal detail goes to the log, never in here.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* Each error: its name, its HTTP status, its code and its sentence. */
/* clang-format off */
#define EACH_ERROR(X) \
	X(OK, 200, "ok", "Done.") \
	X(ERR_INVALID_INPUT, 400, "invalid_input", "Something in the input is not right.") \
	X(ERR_INVALID_JSON, 400, "invalid_json", "The body is not valid JSON.") \
	X(ERR_INVALID_ID, 400, "invalid_id", "An id has 24 hexadecimal digits.") \
	X(ERR_WHOLE_COINS, 400, "whole_coins_required", "Coins come in whole numbers only.") \
	X(ERR_EMAIL_TAKEN, 400, "email_taken", "An account with this e-mail exists already.") \
	X(ERR_WRONG_PASSWORD, 400, "wrong_password", "The current password is wrong.") \
	X(ERR_NO_PASSWORD, 400, "no_password", "This account signs in without a password.") \
	X(ERR_INSUFFICIENT_COINS, 400, "insufficient_coins", "There are not enough coins.") \
	X(ERR_BELOW_MINIMUM, 400, "below_minimum", "The amount is below the minimum.") \
	X(ERR_NO_OPEN_SLOT, 400, "no_open_slot", "The task has no open slot.") \
	X(ERR_DEADLINE_PASSED, 400, "deadline_passed", "The deadline of the task has passed.") \
	X(ERR_ALREADY_SUBMITTED, 400, "already_submitted", "Work for this task was handed in before.") \
	X(ERR_ALREADY_PROCESSED, 400, "already_processed", "This was decided before.") \
	X(ERR_NOT_A_PACKAGE, 400, "not_a_package", "There is no such coin package.") \
	X(ERR_UNAUTHORIZED, 401, "unauthorized", "Please log in.") \
	/* 401 with the code unauthorized: one text for unknown e-mail and wrong password */ \
	X(ERR_BAD_LOGIN, 401, "unauthorized", "E-mail or password is wrong.") \
	X(ERR_TOKEN_EXPIRED, 401, "token_expired", "The session has expired; please log in again.") \
	X(ERR_BAD_SIGNATURE, 400, "bad_signature", "The signature does not fit.") \
	X(ERR_FORBIDDEN, 403, "forbidden", "Your role does not allow this.") \
	X(ERR_NOT_OWNER, 403, "not_owner", "This belongs to somebody else.") \
	X(ERR_NOT_FOUND, 404, "not_found", "There is nothing here.") \
	X(ERR_METHOD_NOT_ALLOWED, 405, "method_not_allowed", "This address does not take that method.") \
	X(ERR_CONFLICT, 409, "conflict", "This does not fit the present state.") \
	X(ERR_COINS_OWED, 409, "coins_owed", \
	  "Coins are owed for a payment that went back; coins that come pay them first.") \
	/* 409 with the code conflict: a record that was not adopted moves no coins */ \
	X(ERR_NOT_ADOPTED, 409, "conflict", \
	  "A record that this needs came from elsewhere and is not adopted yet: it moves no coins until an " \
	  "operator runs microtaskctl init-db.") \
	X(ERR_PRECONDITION_FAILED, 412, "precondition_failed", "The record has changed since it was read.") \
	X(ERR_BODY_TOO_LARGE, 413, "body_too_large", "The body is larger than 1 MiB.") \
	X(ERR_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "The body must be application/json.") \
	X(ERR_KEY_REUSED, 422, "key_reused", "This Idempotency-Key came with another body before.") \
	X(ERR_IN_PROGRESS, 409, "in_progress", "The same request is still running.") \
	X(ERR_TOO_MANY_REQUESTS, 429, "too_many_requests", "Too many requests; please wait a while.") \
	X(ERR_PAYMENT_REQUIRED, 402, "payment_required", "The payment needs a further step.") \
	X(ERR_NOT_CONFIGURED, 501, "not_configured", "This service does not offer that.") \
	X(ERR_INTERNAL, 500, "internal", "Something went wrong on our side.") \
	X(ERR_UNAVAILABLE, 503, "unavailable", "The service is busy; please try again shortly.") \
	/* 503 with the code unavailable: a guard failed at every try */ \
	X(ERR_BUSY, 503, "unavailable", "Others keep changing this at the moment; please try again shortly.")
/* clang-format on */

#define ERR_NAME(name, ...) name,
enum err { EACH_ERROR(ERR_NAME) ERR_COUNT };

struct err_row {
	int status; /* HTTP status */
	const char *code; /* stable, snake_case */
	const char *sentence; /* for a person */
};

/* The row of an error; that of ERR_INTERNAL for a value outside the enum. */
const struct err_row *err_row(enum err e);

/*
 * What a refusal tells beside its code: a sentence of its own, a field it is about, numbers and texts that the caller
 * needs (insufficient_coins: required, available). Filled by whoever fails, written by http/answer.c. Texts live as
 * long as the request's arena.
 */
struct err_detail {
	const char *sentence; /* NULL: the row's */
	const char *field; /* NULL: none */
	struct {
		const char *name;
		int64_t value;
	} numbers[4];
	size_t number_count;
	struct {
		const char *name, *value;
	} texts[2];
	size_t text_count;
	int retry_after; /* seconds; 0: the default of the error */
};

/* Adds a number or a text to the detail; more than the array holds is a programming error and aborts. */
void err_number(struct err_detail *detail, const char *name, int64_t value);
void err_text(struct err_detail *detail, const char *name, const char *value);

#endif
