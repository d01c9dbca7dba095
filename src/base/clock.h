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
 * The time by which all processes of the service go, on whatever host they run: that of MongoDB's primary, as
 * clock_heard() was last told it, carried on by this host's steady clock. Until it was told any, this host's time.
 */
int64_t clock_now(void);
/*
 * The primary's clock showed `when`. The news took a while to come, nobody knows how long, so `when` is past by now, never
 * in the future: of the last CLOCK_NEWS times, the one that puts the primary furthest ahead came fastest, and is used.
 */
enum { CLOCK_NEWS = 8 };
void clock_heard(int64_t when);
/* Was the primary's clock ever heard? */
bool clock_is_heard(void);
/* This host's own time, right or wrong: for its log. */
int64_t clock_of_host(void);
/* For measuring spans; unrelated to the calendar, never goes back. */
int64_t clock_steady(void);
/* Microseconds of the same steady clock. */
int64_t clock_steady_us(void);
/* Milliseconds as the C library takes them: a span, or a moment of the steady clock, which is its CLOCK_MONOTONIC. */
struct timespec clock_timespec(int64_t milliseconds);
/* Sleeps through signals. */
void clock_sleep(int64_t milliseconds);

/* The length of "2026-01-31T09:00:00.000Z"; years 0 to 9999. */
#define CLOCK_ISO_LENGTH 24
void clock_iso(int64_t when, char out[CLOCK_ISO_LENGTH + 1]);

/*
 * Reads an ISO 8601 date ("2026-01-31") or date-time ("2026-01-31T09:00", with optional seconds,
 * fraction and Z or +hh:mm / +hhmm / -hh; T and Z may be small; without a zone: UTC). false for
 * anything else, and for days and times that do not exist.
 */
bool clock_parse(const char *text, size_t length, int64_t *when);

#endif
