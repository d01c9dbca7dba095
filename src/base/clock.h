/* Time: milliseconds since 1970 UTC wherever nothing else is said. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_DAY (24 * 60 * CLOCK_MINUTE)

int64_t clock_now(void);
/* For measuring spans; unrelated to the calendar, never goes back. */
int64_t clock_steady(void);
/* Microseconds of the same steady clock. */
int64_t clock_steady_us(void);
/* Sleeps through signals. */
void clock_sleep(int64_t milliseconds);

/* The length of "2026-01-31T09:00:00.000Z"; years 0 to 9999. */
#define CLOCK_ISO_LENGTH 24
void clock_iso(int64_t when, char out[CLOCK_ISO_LENGTH + 1]);

/*
 * Reads an ISO 8601 date ("2026-01-31") or date-time ("2026-01-31T09:00", with optional seconds,
 * fraction and Z or +hh:mm / +hhmm / -hh; without a zone: UTC). false for anything else, and for
 * days and times that do not exist.
 */
bool clock_parse(const char *text, size_t length, int64_t *when);

#endif
