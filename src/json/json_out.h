/*
 * JSON out: written front to back into a buffer, no tree.
 *
 * key is the member's name inside an object and NULL inside an array or for the top value. Whole numbers
 * carry no point; money is cents written as dollars with at most 2 decimals (1050 -> 10.5). Texts must be
 * valid UTF-8; whatever is not is written as U+FFFD.
 */
#ifndef JSON_JSON_OUT_H
#define JSON_JSON_OUT_H

#include "base/buffer.h"
#include "base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_OUT_DEPTH_MAX 16

struct json {
	struct buffer *out;
	size_t start; /* where in out it was started */
	char open[JSON_OUT_DEPTH_MAX]; /* the closing bracket of each open level */
	size_t depth;
	bool comma; /* the next value needs one before it */
};

/* Starts writing at the end of out. */
void json_start(struct json *json, struct buffer *out);
/* Closes every open level. */
void json_finish(struct json *json);

void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end(struct json *json);

void json_text(struct json *json, const char *key, const char *text); /* NULL: null */
void json_text_n(struct json *json, const char *key, const char *text, size_t length);
/* The text is cut, with an ellipsis, where its JSON would be longer than about `most` bytes. */
void json_text_most(struct json *json, const char *key, const char *text, size_t length,
		    size_t most);
void json_int(struct json *json, const char *key, int64_t value);
/* The shortest digits that read back as the same number. */
void json_double(struct json *json, const char *key, double value);
void json_cents(struct json *json, const char *key, int64_t cents);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
void json_date(struct json *json, const char *key, int64_t when);
void json_id(struct json *json, const char *key, const struct id *id);
/* Already JSON. */
void json_raw(struct json *json, const char *key, const char *text, size_t length);

/* Appends JSON text spread over lines, for people and for diffs, with a line end at its end; indented by blanks, so
 * that readers of YAML take it too. */
void json_indent(struct buffer *out, const char *text, size_t length);

#endif
