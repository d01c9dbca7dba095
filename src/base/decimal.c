#include "base/decimal.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text, size_t length)
{
	size_t count = 0;

	while (count < length && is_digit(text[count]))
		count++;
	return count;
}

bool decimal_plain(const char *text, size_t length)
{
	size_t at = length > 0 && text[0] == '-';
	size_t digits = count_digits(text + at, length - at);

	at += digits;
	if (digits == 0 || at == length)
		return digits > 0;
	at++;
	return text[at - 1] == '.' && at < length &&
	       count_digits(text + at, length - at) == length - at;
}

/* The power of ten it is multiplied by. It stops growing where no text of digits reaches. */
static int64_t read_exponent(const char *text, size_t length)
{
	bool negative = length > 0 && text[0] == '-';
	int64_t exponent = 0;

	for (size_t i = 0; i < length; i++) {
		if (is_digit(text[i]) && exponent < INT32_MAX)
			exponent = exponent * 10 + (text[i] - '0');
	}
	return negative ? -exponent : exponent;
}

static bool append_digit(uint64_t *size, unsigned digit, uint64_t limit)
{
	return !__builtin_mul_overflow(*size, UINT64_C(10), size) &&
	       !__builtin_add_overflow(*size, digit, size) && *size <= limit;
}

/* Reads the digits of a mantissa, the first point of which count as whole, up to limit. */
static enum decimal read_digits(const char *text, size_t length, int64_t point, uint64_t limit,
				uint64_t *size)
{
	bool fraction = false;
	int64_t index = 0;

	*size = 0;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			continue;
		if (index++ >= point)
			fraction = fraction || text[i] != '0';
		else if (!append_digit(size, (unsigned)(text[i] - '0'), limit))
			return DECIMAL_BEYOND;
	}
	/* Zeros that an exponent stands for; nothing times ten is nothing, however often. */
	while (*size > 0 && index++ < point) {
		if (!append_digit(size, 0, limit))
			return DECIMAL_BEYOND;
	}
	return fraction ? DECIMAL_FRACTION : DECIMAL_OK;
}

enum decimal decimal_read(const char *text, size_t length, unsigned decimals, int64_t *value)
{
	bool negative = length > 0 && text[0] == '-';
	size_t mantissa = 0;

	while (mantissa < length && text[mantissa] != 'e' && text[mantissa] != 'E')
		mantissa++;

	size_t exponent = mantissa < length ? mantissa + 1 : length;
	int64_t point = (int64_t)count_digits(text + negative, mantissa - negative) + decimals +
			read_exponent(text + exponent, length - exponent);
	uint64_t limit = (uint64_t)INT64_MAX + negative, size;
	enum decimal result = read_digits(text, mantissa, point, limit, &size);

	if (result == DECIMAL_BEYOND)
		*value = negative ? INT64_MIN : INT64_MAX;
	else if (size > INT64_MAX)
		*value = INT64_MIN; /* its magnitude has no positive int64 */
	else
		*value = negative ? -(int64_t)size : (int64_t)size;
	return result;
}
