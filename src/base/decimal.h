/* Decimal numbers read exactly: a double would make 19.99 dollars 1998.9999999999998 cents. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum decimal {
	DECIMAL_OK,
	DECIMAL_FRACTION, /* has more decimals than asked for; what comes before them is the value */
	DECIMAL_BEYOND, /* outside int64; the value is INT64_MIN or INT64_MAX */
};

/* Is it a plain decimal number: digits with an optional minus sign and fraction, and no exponent? */
bool decimal_plain(const char *text, size_t length);

/*
 * Reads a number of JSON's grammar, or one that is decimal_plain(), in units of 10^-decimals: "10.5" with two
 * decimals is 1050. Anything else is the caller's mistake and gives a meaningless value.
 */
enum decimal decimal_read(const char *text, size_t length, unsigned decimals, int64_t *value);

#endif
