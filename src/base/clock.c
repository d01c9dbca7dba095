#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
#define EARLIEST INT64_C(-62167219200000)
#define LATEST INT64_C(253402300799999)

static int64_t clock_read_us(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* How far the primary's clock was ahead of the steady clock, the last CLOCK_NEWS times it was heard; and the most of
 * these. */
static struct {
	pthread_mutex_t lock;
	int64_t ahead[CLOCK_NEWS];
	size_t count;
	_Atomic int64_t most;
	_Atomic bool heard;
} news = { .lock = PTHREAD_MUTEX_INITIALIZER };

void clock_heard(int64_t when)
{
	int64_t most = when - clock_steady();

	pthread_mutex_lock(&news.lock);
	news.ahead[news.count++ % CLOCK_NEWS] = most;
	for (size_t i = 0; i < news.count && i < CLOCK_NEWS; i++)
		if (news.ahead[i] > most)
			most = news.ahead[i];
	news.most = most;
	news.heard = true;
	pthread_mutex_unlock(&news.lock);
}

bool clock_is_heard(void)
{
	return news.heard;
}

int64_t clock_now(void)
{
	return clock_is_heard() ? clock_steady() + news.most : clock_of_host();
}

int64_t clock_of_host(void)
{
	return clock_read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_steady(void)
{
	return clock_steady_us() / 1000;
}

int64_t clock_steady_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

struct timespec clock_timespec(int64_t milliseconds)
{
	return (struct timespec){
		.tv_sec = (time_t)(milliseconds / 1000),
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};
}

void clock_sleep(int64_t milliseconds)
{
	struct timespec left = clock_timespec(milliseconds);

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

static void put_digits(char *out, int64_t value, size_t width)
{
	while (width-- > 0) {
		out[width] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* The date of a day, counted from 1 January of the year 0. Counted from 1 March, a leap day is the last of its year, and
 * months have a rhythm of 153 days for five; so that is done, 400 years earlier, as nothing is to be below 0. */
static void put_date(char *out, int64_t day)
{
	enum { DAYS_OF_400_YEARS = 146097, JANUARY_AND_FEBRUARY = 60 };
	int64_t from_march = day + DAYS_OF_400_YEARS - JANUARY_AND_FEBRUARY;
	int64_t cycle = from_march / DAYS_OF_400_YEARS - 1, rest = from_march % DAYS_OF_400_YEARS;
	int64_t year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int64_t of_year = rest - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0 is March */

	put_digits(out, 400 * cycle + year + (month >= 10), 4);
	put_digits(out + 5, month < 10 ? month + 3 : month - 9, 2);
	put_digits(out + 8, of_year - (153 * month + 2) / 5 + 1, 2);
}

void clock_iso(int64_t when, char out[CLOCK_ISO_LENGTH + 1])
{
	/* Old data may hold any int64 as a date: the nearest that can be written then. */
	if (when < EARLIEST)
		when = EARLIEST;
	if (when > LATEST)
		when = LATEST;
	int64_t since = when - EARLIEST; /* never below 0, as division would round up then */
	int64_t second = since / CLOCK_SECOND % (24 * 60 * 60);

	memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_ISO_LENGTH + 1);
	put_date(out, since / CLOCK_DAY);
	put_digits(out + 11, second / 3600, 2);
	put_digits(out + 14, second / 60 % 60, 2);
	put_digits(out + 17, second % 60, 2);
	put_digits(out + 20, since % CLOCK_SECOND, 3);
}

/* What is still to be read of a text. */
struct rest {
	const char *next, *end;
};

static bool take_char(struct rest *rest, char wanted)
{
	if (rest->next == rest->end || *rest->next != wanted)
		return false;
	rest->next++;
	return true;
}

/* RFC 3339 lets T and Z be small. */
static bool take_letter(struct rest *rest, char wanted)
{
	return take_char(rest, wanted) || take_char(rest, (char)(wanted | 0x20));
}

/* Exactly width digits, with a value of min..max. */
static bool take_number(struct rest *rest, size_t width, int min, int max, int *value)
{
	int number = 0;

	if ((size_t)(rest->end - rest->next) < width)
		return false;
	for (size_t i = 0; i < width; i++) {
		char digit = *rest->next++;
		if (digit < '0' || digit > '9')
			return false;
		number = number * 10 + (digit - '0');
	}
	*value = number;
	return number >= min && number <= max;
}

static bool take_date(struct rest *rest, int64_t *when)
{
	int year, month, day;

	if (!take_number(rest, 4, 1, 9999, &year) || !take_char(rest, '-') ||
	    !take_number(rest, 2, 1, 12, &month) || !take_char(rest, '-') ||
	    !take_number(rest, 2, 1, 31, &day))
		return false;
	struct tm date = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	*when = (int64_t)timegm(&date) * CLOCK_SECOND;
	/* timegm() takes the 30th of February for the 2nd of March, and says so */
	return date.tm_mday == day;
}

/* The digits after the point: 1 to 9 of them, of which the first three count. */
static bool take_fraction(struct rest *rest, int *milliseconds)
{
	int weight = 100, count = 0;

	*milliseconds = 0;
	while (rest->next < rest->end && *rest->next >= '0' && *rest->next <= '9') {
		*milliseconds += (*rest->next++ - '0') * weight;
		weight /= 10;
		count++;
	}
	return count >= 1 && count <= 9;
}

static bool take_time(struct rest *rest, int64_t *when)
{
	int hour, minute, second = 0, milliseconds = 0;

	if (!take_number(rest, 2, 0, 23, &hour) || !take_char(rest, ':') ||
	    !take_number(rest, 2, 0, 59, &minute))
		return false;
	if (take_char(rest, ':')) {
		if (!take_number(rest, 2, 0, 59, &second))
			return false;
		if (take_char(rest, '.') && !take_fraction(rest, &milliseconds))
			return false;
	}
	*when += (hour * 60 + minute) * CLOCK_MINUTE + second * CLOCK_SECOND + milliseconds;
	return true;
}

/* Z, +hh, +hhmm or +hh:mm; nothing means UTC. */
static bool take_zone(struct rest *rest, int64_t *when)
{
	int hours, minutes = 0;

	if (rest->next == rest->end || take_letter(rest, 'Z'))
		return true;
	bool east = take_char(rest, '+');
	if (!east && !take_char(rest, '-'))
		return false;
	if (!take_number(rest, 2, 0, 23, &hours))
		return false;
	bool more = take_char(rest, ':') || rest->next < rest->end;
	if (more && !take_number(rest, 2, 0, 59, &minutes))
		return false;
	int64_t offset = (hours * 60 + minutes) * CLOCK_MINUTE;
	*when += east ? -offset : offset;
	return true;
}

bool clock_parse(const char *text, size_t length, int64_t *when)
{
	struct rest rest = { text, text + length };
	int64_t read = 0;

	if (!take_date(&rest, &read))
		return false;
	if (take_letter(&rest, 'T') && !(take_time(&rest, &read) && take_zone(&rest, &read)))
		return false;
	/* An offset may lead out of the years that can be written. */
	if (rest.next != rest.end || read < EARLIEST || read > LATEST)
		return false;
	*when = read;
	return true;
}
