/*
 * Logs: one JSON object a line on standard error. A line is written at once, so that lines of several threads and
 * processes never mix. Control characters are escaped. Never pass tokens, passwords, bodies or account numbers.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below this level are dropped; LOG_INFO until it is called. Call before threads start. */
void log_set_level(enum log_level level);

/* {"time","level","requestId"?,"message"}; request_id may be NULL. */
void log_line(enum log_level level, const char *request_id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One answered request: {"time","level","requestId","method","route","status","ms"}. route is the
 * pattern, never the raw path, which may carry what callers should not have put there. */
void log_request(const char *request_id, const char *method, const char *route, int status,
		 int64_t microseconds);

#endif
