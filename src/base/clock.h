/* Time: milliseconds since 1970 UTC wherever nothing else is said. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_DAY (24 * 60 * CLOCK_MINUTE)

/*
 * The time that all processes of the service agree on, on whatever host they run: the clock of MongoDB's primary, as
 * clock_heard() was last told it, carried on by this host's steady clock. Before the first clock_heard() it is this
 * host's own time.
 */
int64_t clock_now(void);
/*
 * Tells that the primary's clock showed `when`. The message took an unknown time to arrive, so the primary's clock
 * shows more than `when` by now. Of the last CLOCK_NEWS messages, the one that puts the primary furthest ahead
 * travelled fastest and is therefore the most exact: that one is used.
 */
enum { CLOCK_NEWS = 8 };
void clock_heard(int64_t when);
/* Was the primary's clock ever heard? */
bool clock_is_heard(void);
/* This host's own time, which may be wrong: for its log. */
int64_t clock_of_host(void);
/* For measuring spans; unrelated to the calendar, never goes back. */
int64_t clock_steady(void);
/* Microseconds of the same steady clock. */
int64_t clock_steady_us(void);
/* Converts a span of milliseconds, or a moment of the steady clock (CLOCK_MONOTONIC), for the C library. */
struct timespec clock_timespec(int64_t milliseconds);
/* Sleeps for the whole time, even if signals interrupt it. */
void clock_sleep(int64_t milliseconds);

/* The length of "2026-01-31T09:00:00.000Z"; years 0 to 9999. */
#define CLOCK_ISO_LENGTH 24
void clock_iso(int64_t when, char out[CLOCK_ISO_LENGTH + 1]);

/*
 * Reads an ISO 8601 date ("2026-01-31") or date-time ("2026-01-31T09:00", with optional seconds, fraction and Z or
 * +hh:mm / +hhmm / -hh; T and Z may be in lower case; without a zone: UTC). false for anything else, and for days and
 * times that do not exist.
 */
bool clock_parse(const char *text, size_t length, int64_t *when);

#endif
