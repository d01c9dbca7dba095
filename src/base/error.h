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

enum err {
	OK = 0,
	ERR_INVALID_INPUT,
	ERR_INVALID_JSON,
	ERR_INVALID_ID,
	ERR_WHOLE_COINS,
	ERR_EMAIL_TAKEN,
	ERR_WRONG_PASSWORD,
	ERR_NO_PASSWORD,
	ERR_INSUFFICIENT_COINS,
	ERR_BELOW_MINIMUM,
	ERR_NO_OPEN_SLOT,
	ERR_DEADLINE_PASSED,
	ERR_ALREADY_SUBMITTED,
	ERR_ALREADY_PROCESSED,
	ERR_NOT_A_PACKAGE,
	ERR_UNAUTHORIZED,
	ERR_BAD_LOGIN, /* 401 with the code unauthorized: one text for unknown e-mail and wrong password */
	ERR_TOKEN_EXPIRED,
	ERR_BAD_SIGNATURE,
	ERR_FORBIDDEN,
	ERR_NOT_OWNER,
	ERR_NOT_FOUND,
	ERR_METHOD_NOT_ALLOWED,
	ERR_CONFLICT,
	ERR_COINS_OWED,
	ERR_NOT_ADOPTED, /* 409 with the code conflict: a record that was not adopted moves no coins */
	ERR_PRECONDITION_FAILED,
	ERR_BODY_TOO_LARGE,
	ERR_UNSUPPORTED_MEDIA_TYPE,
	ERR_KEY_REUSED,
	ERR_IN_PROGRESS,
	ERR_TOO_MANY_REQUESTS,
	ERR_PAYMENT_REQUIRED,
	ERR_NOT_CONFIGURED,
	ERR_INTERNAL,
	ERR_UNAVAILABLE,
	ERR_BUSY, /* 503 with the code unavailable: a guard failed at every try */
	ERR_COUNT
};

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
