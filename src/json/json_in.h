/*
 * Strict JSON in (RFC 8259), in front of json-c, which accepts more than JSON (NaN, single quotes, -01,
 * duplicate keys, raw control characters, overlong UTF-8, integers that saturate).
 *
 * Refused besides bad grammar: duplicate keys in any object, NUL in any text or key, invalid UTF-8, lone surrogates,
 * numbers beyond int64 in magnitude, nesting deeper than JSON_DEPTH_MAX, more values than JSON_VALUES_MAX (a
 * value of two bytes becomes nearly a kilobyte of tree, which a hostile body would multiply by its length).
 *
 * Not jansson, which is as strict by itself: it turns a number with a fraction into a double, where json-c keeps its
 * digits, which prices need.
 */
#ifndef JSON_JSON_IN_H
#define JSON_JSON_IN_H

#include "base/arena.h"

#include <stddef.h>

#define JSON_DEPTH_MAX 32
#define JSON_VALUES_MAX 10000

struct json_object;

/*
 * The parsed tree, owned by the arena. When the text is not strict JSON, the tree is NULL and *problem says why, in
 * words that continue "The body is not strict JSON: ". Else *problem is NULL. The text "null" gives a NULL tree, too,
 * without a problem.
 */
struct json_object *json_in(struct arena *arena, const char *text, size_t length,
			    const char **problem);

#endif
