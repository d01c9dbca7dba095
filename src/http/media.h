/* Media types of bodies. */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <stdbool.h>

/* Is it application/json or application/…+json, and UTF-8 if it names a charset? NULL is not. */
bool media_is_json(const char *content_type);

/* Is the body sent as it is, neither compressed nor encoded? So it is without Content-Encoding (NULL), or if that lists
 * nothing but identity. */
bool media_is_plain(const char *content_encoding);

#endif
