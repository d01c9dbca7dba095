/* Texts that hold several words, with commas between them. */
#ifndef BASE_COMMA_H
#define BASE_COMMA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Walks a list: the next word, not NUL-terminated, and its length; NULL at the end. *rest is the list at first; NULL
 * is an empty one.
 */
const char *comma_next(const char **rest, size_t *length);

/* Is this one of the list's words, to the letter? */
bool comma_has(const char *list, const char *word);

#endif
