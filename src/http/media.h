/* Media types of bodies. */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include <stdbool.h>

/* application/json or application/…+json, in UTF-8 where a charset is named. NULL is not. */
bool media_is_json(const char *content_type);

/* Is the body what it says: does Content-Encoding (NULL: there is none) list nothing but identity? */
bool media_is_plain(const char *content_encoding);

#endif
