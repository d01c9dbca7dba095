#include "base/log.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/quote.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Far above any message of ours; what is longer is cut. */
#define MESSAGE_SIZE 4096

static const char *const level_names[] = { "debug", "info", "warn", "error" };

/* The one mutable global of the program: set before threads start, only read after that. */
static enum log_level lowest_level = LOG_INFO;

void log_set_level(enum log_level level)
{
	lowest_level = level;
}

static void put_text(struct buffer *line, const char *name, const char *text)
{
	buffer_printf(line, ",\"%s\":", name);
	quote_json(line, text, strlen(text), SIZE_MAX - 1);
}

static void line_start(struct buffer *line, enum log_level level, const char *request_id)
{
	char now[CLOCK_ISO_LENGTH + 1];

	clock_iso(clock_of_host(), now);
	buffer_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", now, level_names[level]);
	if (request_id)
		put_text(line, "requestId", request_id);
}

/* One write, never a second for a rest: a torn line is better than one mixed into another's. */
static void line_write(struct buffer *line)
{
	buffer_text(line, "}\n");
	ssize_t written;
	do {
		written = write(STDERR_FILENO, line->bytes, line->length);
	} while (written < 0 && errno == EINTR);
	buffer_free(line);
}

void log_line(enum log_level level, const char *request_id, const char *format, ...)
{
	struct buffer line = { 0 };
	char message[MESSAGE_SIZE];
	int saved_errno = errno;
	va_list arguments;

	if (level < lowest_level)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	line_start(&line, level, request_id);
	put_text(&line, "message", message);
	line_write(&line);
	errno = saved_errno;
}

void log_request(const char *request_id, const char *method, const char *route, int status,
		 int64_t microseconds)
{
	struct buffer line = { 0 };

	if (LOG_INFO < lowest_level)
		return;
	line_start(&line, LOG_INFO, request_id);
	put_text(&line, "method", method);
	put_text(&line, "route", route);
	buffer_printf(&line, ",\"status\":%d,\"ms\":%lld.%03lld", status,
		      (long long)(microseconds / 1000), (long long)(microseconds % 1000));
	line_write(&line);
}
