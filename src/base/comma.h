/* Texts that hold several words, with commas between them. */
#ifndef BASE_COMMA_H
#define BASE_COMMA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns the next word of a list and its length; it is not NUL-terminated. NULL at the end. *rest is the whole list at
 * first and then what is left of it; a list that is NULL is empty.
 */
const char *comma_next(const char **rest, size_t *length);

/* Is this one of the list's words, exactly as it is written? */
bool comma_has(const char *list, const char *word);

#endif
