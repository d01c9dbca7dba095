/* Request URIs: percent-encoding, and what of a URI the routes see. */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes %xx once, and '+' as a space where plus_is_space (query strings). Returns NUL-terminated text, or
 * NULL when an escape is broken or when a NUL or invalid UTF-8 comes out.
 */
char *uri_decode(struct arena *arena, const char *text, size_t length, bool plus_is_space);

/*
 * Splits a raw URI into the decoded path below /api without its trailing slash ("" for the base itself) and
 * the undecoded query (NULL when there is no '?'). false when it is not below /api or does not decode.
 */
bool uri_split(struct arena *arena, const char *uri, const char **path, const char **query);

#endif
