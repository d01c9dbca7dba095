/* What callers write as text: white space around it, e-mail addresses, web addresses. All valid UTF-8. */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Narrows a text to what stands between the white space at its ends, as JavaScript's trim() does. */
const char *text_trim(const char *text, size_t *length);

/* One @, something before it, and after it a domain with a dot in its middle; no white space or control
 * characters. Whether mail arrives there is nobody's business here. */
bool text_is_email(const char *text, size_t length);

/* http:// or https:// in any case, and a host; no white space or control characters. */
bool text_is_url(const char *text, size_t length);

#endif
