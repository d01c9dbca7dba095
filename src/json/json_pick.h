/*
 * Reads single values out of a JSON text of a trusted sender, and does not check the rest of the text.
 *
 * The text must be an object whose brackets and quotes are closed. Apart from that it may hold all that strict JSON
 * (json_in.h) refuses: lone surrogates, NUL, control characters, bad UTF-8, numbers of any size, a name given twice
 * (the last one counts), nesting of any depth. Nothing here is recursive, so deep nesting costs no memory.
 */
#ifndef JSON_JSON_PICK_H
#define JSON_JSON_PICK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* A value as it stands in the text, or what is left of the text. */
struct json_piece {
	const char *text; /* NULL: there is none */
	size_t length;
};

/* The whole text as an object. The piece has no text when it is not one. */
struct json_piece json_pick_object(const char *text, size_t length);

/* The value at a path of names and array indexes ("data.0.id") inside a value; a path that is empty or NULL is the
 * value itself. */
struct json_piece json_pick(struct arena *arena, struct json_piece from, const char *path);

/*
 * A copy of an object with the wanted members alone, for json_in() to check: each as it was written, and as often as it
 * was given. The other members are only skipped. The piece has no text when the input is not an object.
 */
struct json_piece json_pick_members(struct arena *arena, const char *text, size_t length,
				    bool (*wanted)(const void *context, const char *name),
				    const void *context);

/* The characters of a quoted text, always as valid UTF-8 without NUL: whatever is not a character becomes U+FFFD. */
const char *json_pick_text(struct arena *arena, struct json_piece quoted, size_t *length);

#endif
