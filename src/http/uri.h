/* Splitting the URI of a request into what routes see of it. */
#ifndef HTTP_URI_H
#define HTTP_URI_H

#include "base/arena.h"

#include <stdbool.h>

/*
 * Splits a raw URI into the decoded path below /api without its trailing slash ("" for the base itself) and
 * the undecoded query (NULL when there is no '?'). false when it is not below /api or does not decode.
 */
bool uri_split(struct arena *arena, const char *uri, const char **path, const char **query);

#endif
