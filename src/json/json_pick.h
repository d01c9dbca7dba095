/*
 * Single values out of a JSON text whose sender is known, without judging the rest of it.
 *
 * What strict JSON (json_in.h) refuses may stand anywhere: lone surrogates, NUL, control characters, bad UTF-8, numbers
 * of any size, names given twice (the last counts), nesting of any depth. It need only be an object whose brackets
 * and quotes close. Nothing here calls itself, so depth costs no memory.
 */
#ifndef JSON_JSON_PICK_H
#define JSON_JSON_PICK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* A value as it stands in the text. */
struct json_piece {
	const char *text; /* NULL: there is none */
	size_t length;
};

/* The object that is the whole text, perhaps behind a byte order mark; without a text when it is none. */
struct json_piece json_pick_object(const char *text, size_t length);

/* What stands in a value at a path of names and places ("data.0.id"); an empty path, or NULL, is the value itself. */
struct json_piece json_pick(struct arena *arena, struct json_piece from, const char *path);

/*
 * An object without the members that are not wanted, for json_in() to judge: each wanted one as it was written, and as
 * often. Without a text when it is no object. The others are looked at no closer than it takes to find their end.
 */
struct json_piece json_pick_members(struct arena *arena, const char *text, size_t length,
				    bool (*wanted)(const void *context, const char *name),
				    const void *context);

/* The characters of a quoted text, always valid UTF-8 without NUL: whatever is no character becomes U+FFFD. */
const char *json_pick_text(struct arena *arena, struct json_piece quoted, size_t *length);

#endif
